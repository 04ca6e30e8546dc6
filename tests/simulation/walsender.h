// The walsender of the simulated Postgres: decodes the log for one client and hears what it
// confirms. Used by the simulated sessions.
#pragma once

#include "connectors/postgres/lsn.h"
#include "relay/base/error.h"
#include "tests/simulation/postgres_instance.h"
#include "tests/simulation/postgres_link.h"
#include "tests/simulation/postgres_messages.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace outrider::simulation {

/// Sends whole transactions in commit order, with keepalives between and inside them; stops while
/// the link has no room. See Postgres, walsender.c and pgoutput.c.
class Walsender {
 public:
  /// Owns the slot, which exists.
  Walsender(PostgresInstance& instance, PostgresLink& link, postgres::Lsn requested,
            ValueFormat format);

  /// A CopyData payload of the client.
  void hear(std::string_view status);
  void step();
  TimePoint next_event() const;

  enum class End {
    No,
    Silent,   ///< The client was silent for too long: the connection is closed without a word.
    Failed,   ///< error() says why; the session goes on.
    Orderly,  ///< The server shuts down and the client has everything.
  };
  End end() const { return end_; }
  const Error& error() const { return *error_; }

 private:
  struct Message {
    postgres::Lsn start;
    std::string payload;
  };

  bool has_work() const;
  void send_next();
  void idle();
  void decode(const LogRecord& record);
  void decode_changes(const LogRecord& record);
  enum class Lookup { Found, Skip, Failed };
  Lookup look_up_publication(const Catalog& catalog);
  void queue_begin(const LogRecord& record);
  void queue(postgres::Lsn start, std::string payload);
  void send_keepalive(bool reply_requested);

  PostgresInstance& instance_;
  PostgresLink& link_;
  const ValueFormat format_;
  const postgres::Lsn start_;  // Transactions that were committed before are not sent.
  std::size_t next_record_ = 0;
  std::deque<Message> pending_;
  bool begin_is_sent_ = false;
  postgres::Lsn sent_;          // Everything up to there was decoded and sent.
  postgres::Lsn sent_pending_;  // The same once what is pending is sent.
  postgres::Lsn write_;
  postgres::Lsn flush_;
  std::set<std::size_t> described_;  // Tables.
  bool has_warned_ = false;
  bool was_idle_ = true;
  bool keepalive_is_due_ = false;
  bool waits_for_reply_ = false;
  TimePoint last_reply_;
  TimePoint works_at_;
  End end_ = End::No;
  std::optional<Error> error_;
};

}  // namespace outrider::simulation
