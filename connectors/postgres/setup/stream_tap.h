// A look at what a publication says, through a temporary slot of its own; used by `outrider tail`.
#pragma once

#include "connectors/event.h"
#include "connectors/postgres/libpq_connection.h"
#include "connectors/postgres/options.h"
#include "connectors/postgres/stream_reader.h"
#include "connectors/wake.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <memory>
#include <optional>
#include <string>

namespace outrider::postgres {

/// Begins at the end of the log. The slot goes with the connection; no other slot and no lock is
/// touched, and what was read is forgotten at once. One thread; only open() blocks.
class StreamTap {
 public:
  /// By the role of the options. The creation of the slot waits for transactions that are writing,
  /// for a minute at most. Refused if there is no such publication.
  static Result<std::unique_ptr<StreamTap>> open(const Options& options);

  const std::string& slot() const { return slot_; }
  /// The next event, which lives until the next call; null if none has arrived.
  Result<const Event*> next();
  /// Tells the server what is due; call once a second, and when interest() is met.
  Result<void> tick(Now now);
  Wake::Descriptor interest() const { return connection_->interest(); }

 private:
  explicit StreamTap(const Options& options);
  Result<Rows> query(const std::string& sql, TimePoint deadline);
  Result<void> connect(TimePoint deadline);
  Result<void> create_slot(TimePoint deadline);
  Result<void> begin(TimePoint deadline);
  void wait(TimePoint until) const;

  const Options options_;
  LibpqConnector connector_;
  std::unique_ptr<Connection> connection_;
  std::string slot_;
  Lsn begin_;
  std::optional<StreamReader> reader_;
  bool reply_due_ = false;
  TimePoint next_status_ = {};
};

}  // namespace outrider::postgres
