// From the bytes of the stream to events and positions, with everything that must be verified on
// the way. Pure. Used by the Postgres source.
#pragma once

#include "connectors/event.h"
#include "connectors/postgres/partitions.h"
#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/position.h"
#include "connectors/postgres/values.h"
#include "connectors/postgres/walstream.h"
#include "connectors/source.h"
#include "relay/base/error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace outrider::postgres {

/// Reads the stream of one START_REPLICATION. What lies at or before the position it begins from is
/// dropped, but not blindly: the last transaction seen must come again unchanged if the server
/// begins before it; nothing unknown may come between it, or where reading the slot began, and the
/// position; and a transaction that was delivered in part must come again first. A position
/// without `last` allows only the last of these checks. One thread.
class StreamReader {
 public:
  /// `confirmed_flush`: where the server begins. `text`: what it may send as text.
  StreamReader(const PostgresPosition& from, Lsn confirmed_flush, TextBytes text = TextBytes::Utf8);

  /// Reads one CopyData payload. The event and its views live until the next call and as long as
  /// `copy_data`. Refused if the history is not the one that the position is from.
  Result<const Event*> read(std::string_view copy_data);

  /// What the catalogs say now. Call it before the first read, and after each description of a
  /// table before its first row is read.
  void learn(const ServerFacts& facts);

  /// The position before or after the event that read() returned last.
  PostgresPosition position(Source::Edge edge) const;

  /// The highest position the server has reached on this stream.
  Lsn received() const { return received_; }
  /// When the server sent the last message, by its clock; the epoch before the first.
  WallTime sent() const { return sent_; }
  /// True once the server has passed the position from which this reader began, and what came
  /// before was as it must be. Until then the server must not forget it: the next start would have
  /// nothing to compare with.
  bool is_verified() const { return verified_; }
  /// True once for each time the server asked for a status update.
  bool take_reply_request() { return std::exchange(reply_requested_, false); }
  /// True once for each time the server described a table.
  bool take_description() { return std::exchange(described_, false); }

 private:
  /// The part of a position that moves.
  struct Place {
    Lsn end_lsn;
    PostgresPosition::Partial partial;
    PostgresPosition::Fingerprint last;
  };
  struct Transaction {
    Begin begin;
    bool covered = false;         // At or before the position: only verified.
    std::uint64_t messages = 0;   // So far.
    std::uint64_t delivered = 0;  // How many of the first messages are delivered already.
  };
  struct ColumnType {
    std::uint32_t oid = 0;
    std::int32_t modifier = -1;
  };
  struct KnownTable {
    TableName name;  // As the server calls it.
    Table table;     // As the configuration does.
    bool is_orphan = false;
    std::vector<ColumnType> types;
  };

  void resolve(KnownTable& known) const;
  Result<void> on(const Keepalive& keepalive);
  Result<void> on(const Begin& begin);
  Result<void> on(const Commit& commit);
  Result<void> on(const Relation& relation);
  Result<void> on(const Insert& insert);
  Result<void> on(const Update& update);
  Result<void> on(const Delete& deletion);
  Result<void> on(const Truncate& truncate);
  Result<void> on(const Message& message);
  Result<void> on(const Origin&) { return {}; }
  Result<void> on(const Type&) { return {}; }
  Result<void> on(const Ignored&) { return {}; }
  Result<void> on_other_change(OtherChange::Kind kind);

  /// Counts a message of the open transaction; false if it is delivered already.
  Result<bool> count_message();
  Result<void> verify_covered(const Transaction& transaction, const Commit& commit);
  /// Everything before `reached` has been sent: nothing expected may be missing.
  Result<void> verify_nothing_missing(Lsn reached) const;
  EventId event_id() const;

  PostgresPosition identity_;               // The parts of a position that stay.
  Lsn covered_to_;                          // What ends here or before is delivered.
  PostgresPosition::Fingerprint expected_;  // Must come again; none: verified, or not re-sent.
  PostgresPosition::Partial resumed_;       // Must be the next transaction; none: passed.
  Place before_;
  Place after_;
  Lsn received_;
  WallTime sent_{};
  bool reply_requested_ = false;
  bool described_ = false;
  bool verified_ = false;
  std::optional<Transaction> transaction_;
  Partitions partitions_;
  std::unordered_map<RelationId, std::unique_ptr<KnownTable>> tables_;
  PgoutputScratch scratch_;
  ValueReader value_reader_;
  std::vector<Value> values_;
  Event event_;
};

}  // namespace outrider::postgres
