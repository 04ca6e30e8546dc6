#include "connectors/postgres/stream_reader.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

namespace outrider::postgres {
namespace {

// Table versions are unique in the process, over all pipelines.
std::atomic<std::uint64_t> next_table_version{1};

std::string transaction_named(Lsn lsn, std::uint32_t xid) {
  return "transaction " + std::to_string(xid) + " at " + to_string(lsn);
}

std::unexpected<Error> diverged(const std::string& what) {
  return failure(ErrorKind::Refused,
                 "the server's history is not the one that was delivered: " + what,
                 "the database was restored or replaced; check what consumers have seen; "
                 "`outrider checkpoint adopt` then goes on from the slot's own position");
}

std::unexpected<Error> out_of_place(const char* message) {
  return failure(ErrorKind::Interrupted,
                 std::string("the server sent ") + message + " out of its place");
}

}  // namespace

StreamReader::StreamReader(const PostgresPosition& from, Lsn confirmed_flush, TextBytes text)
    : identity_(from),
      covered_to_(from.end_lsn),
      resumed_(from.partial),
      before_{from.end_lsn, from.partial, from.last},
      after_(before_),
      received_(confirmed_flush),
      verified_(confirmed_flush >= from.end_lsn),
      value_reader_(text) {
  if (from.last.is_transaction() && confirmed_flush < from.last.end_lsn) expected_ = from.last;
}

Result<const Event*> StreamReader::read(std::string_view copy_data) {
  event_.what = Nothing{};
  OUTRIDER_TRY(const CopyData envelope, decode_copy_data(copy_data));
  sent_ = std::visit([](const auto& either) { return either.sent; }, envelope);
  if (const auto* keepalive = std::get_if<Keepalive>(&envelope)) {
    OUTRIDER_TRY(on(*keepalive));
    return &event_;
  }
  OUTRIDER_TRY(const PgoutputMessage message,
               decode_pgoutput(std::get<XLogData>(envelope).payload, scratch_));
  OUTRIDER_TRY(std::visit([this](const auto& concrete) { return on(concrete); }, message));
  return &event_;
}

PostgresPosition StreamReader::position(Source::Edge edge) const {
  const Place& place = edge == Source::Edge::Before ? before_ : after_;
  PostgresPosition position = identity_;
  position.end_lsn = place.end_lsn;
  position.partial = place.partial;
  position.last = place.last;
  return position;
}

Result<void> StreamReader::on(const Keepalive& keepalive) {
  reply_requested_ = reply_requested_ || keepalive.reply_requested;
  received_ = std::max(received_, keepalive.wal_end);
  if (transaction_) return {};
  OUTRIDER_TRY(verify_nothing_missing(keepalive.wal_end));
  verified_ = verified_ || keepalive.wal_end >= covered_to_;
  if (keepalive.wal_end <= after_.end_lsn || !resumed_.none()) return {};
  before_ = after_;
  after_.end_lsn = keepalive.wal_end;
  event_.what = Idle{.urgent = keepalive.reply_requested};
  return {};
}

Result<void> StreamReader::on(const Begin& begin) {
  if (transaction_) return out_of_place("Begin");
  // The position is the end of a record: a commit record that begins before it also ends there.
  const bool covered = begin.final_lsn < covered_to_;
  if (!covered) {
    OUTRIDER_TRY(verify_nothing_missing(covered_to_));
    verified_ = true;
  }
  transaction_ = Transaction{.begin = begin, .covered = covered};
  before_ = after_;
  return {};
}

Result<void> StreamReader::on(const Commit& commit) {
  if (!transaction_) return out_of_place("Commit");
  const Transaction transaction = *std::exchange(transaction_, std::nullopt);
  received_ = std::max(received_, commit.end_lsn);
  if (transaction.messages == 0) {
    // Postgres 14 sends transactions that have nothing for us, too.
    if (transaction.covered || !resumed_.none()) return {};
    before_ = after_;
    after_.end_lsn = commit.end_lsn;
    event_.what = Idle{};
    return {};
  }
  if (transaction.covered) {
    OUTRIDER_TRY(verify_covered(transaction, commit));
    verified_ = verified_ || commit.end_lsn >= covered_to_;
    return {};
  }
  if (transaction.messages < transaction.delivered) {
    return diverged(transaction_named(transaction.begin.final_lsn, transaction.begin.xid) +
                    " had " + std::to_string(transaction.delivered) + " events and now has " +
                    std::to_string(transaction.messages));
  }
  before_ = after_;
  after_.end_lsn = commit.end_lsn;
  after_.partial = {};
  after_.last = {.end_lsn = commit.end_lsn,
                 .xid = transaction.begin.xid,
                 .commit_time_us = commit.committed_at.time_since_epoch().count()};
  event_.id = {.transaction = transaction.begin.final_lsn.value, .ordinal = transaction.messages};
  event_.xid = transaction.begin.xid;
  event_.committed_at = commit.committed_at;
  event_.what = Committed{};
  return {};
}

Result<void> StreamReader::verify_covered(const Transaction& transaction, const Commit& commit) {
  if (expected_.none() || commit.end_lsn < expected_.end_lsn) return {};
  const std::uint32_t xid = transaction.begin.xid;
  const bool is_expected =
      commit.end_lsn == expected_.end_lsn && xid == expected_.xid &&
      commit.committed_at.time_since_epoch().count() == expected_.commit_time_us;
  if (!is_expected) {
    return diverged(transaction_named(commit.end_lsn, xid) + " is there, where " +
                    transaction_named(expected_.end_lsn, expected_.xid) + " was");
  }
  expected_ = {};
  return {};
}

Result<void> StreamReader::verify_nothing_missing(Lsn reached) const {
  if (!expected_.none() && reached >= expected_.end_lsn) {
    return diverged(transaction_named(expected_.end_lsn, expected_.xid) + " is no longer there");
  }
  if (!resumed_.none() && reached > resumed_.final_lsn) {
    return diverged(transaction_named(resumed_.final_lsn, resumed_.xid) +
                    ", delivered in part, is no longer there");
  }
  return {};
}

Result<bool> StreamReader::count_message() {
  if (!transaction_) return out_of_place("a change");
  Transaction& transaction = *transaction_;
  if (transaction.covered) {
    // Between the last transaction seen, or where we began, and the position was nothing of ours.
    if (transaction.messages++ == 0 && expected_.none() &&
        transaction.begin.final_lsn >= identity_.last.end_lsn && !identity_.last.none()) {
      return diverged(transaction_named(transaction.begin.final_lsn, transaction.begin.xid) +
                      " is there, where nothing was");
    }
    return false;
  }
  if (transaction.messages == 0 && !resumed_.none()) {
    if (transaction.begin.final_lsn != resumed_.final_lsn ||
        transaction.begin.xid != resumed_.xid) {
      return diverged(transaction_named(transaction.begin.final_lsn, transaction.begin.xid) +
                      " comes first, where " + transaction_named(resumed_.final_lsn, resumed_.xid) +
                      " was");
    }
    transaction.delivered = std::exchange(resumed_, {}).events_done;
  }
  ++transaction.messages;
  if (transaction.messages <= transaction.delivered) return false;
  before_ = after_;
  after_.partial = {.final_lsn = transaction.begin.final_lsn,
                    .xid = transaction.begin.xid,
                    .events_done = transaction.messages};
  event_.id = event_id();
  event_.xid = transaction_->begin.xid;
  event_.committed_at = transaction.begin.committed_at;
  return true;
}

EventId StreamReader::event_id() const {
  return {.transaction = transaction_->begin.final_lsn.value,
          .ordinal = transaction_->messages - 1};
}

Result<void> StreamReader::on(const Relation& relation) {
  auto known = std::make_unique<KnownTable>();
  known->name = {std::string(relation.schema), std::string(relation.name)};
  for (const RelationColumn& column : relation.columns) {
    known->table.columns.emplace_back(column.name);
    known->table.kinds.push_back(kind_of(column.type_oid));
    known->types.push_back({.oid = column.type_oid, .modifier = column.type_modifier});
  }
  resolve(*known);
  tables_[relation.id] = std::move(known);
  described_ = true;
  return {};
}

void StreamReader::learn(const ServerFacts& facts) {
  partitions_.learn(facts);
  for (const auto& [id, known] : tables_) resolve(*known);
}

void StreamReader::resolve(KnownTable& known) const {
  const TableName& root = partitions_.root_of(known.name);
  known.is_orphan = partitions_.is_orphan(known.name, known.table.columns);
  if (known.table.schema == root.schema && known.table.name == root.name) return;
  known.table.schema = root.schema;
  known.table.name = root.name;
  known.table.version = next_table_version.fetch_add(1);
}

Result<void> StreamReader::on(const Insert& insert) {
  OUTRIDER_TRY(const bool is_new, count_message());
  if (!is_new) return {};
  const auto known = tables_.find(insert.relation);
  if (known == tables_.end()) return out_of_place("a row of an undescribed table");
  const KnownTable& described = *known->second;
  if (described.is_orphan) {
    const std::string name =
        quote_identifier(described.name.schema) + "." + quote_identifier(described.name.name);
    return failure(ErrorKind::Refused,
                   "rows of table " + name +
                       " come, which has the columns of an outbox, but is not published any more: "
                       "it may have been a partition",
                   "if it was one, CREATE TABLE " + name +
                       " as an empty partition again until its rows are delivered; drop or detach "
                       "partitions only then, or let the publication have "
                       "publish_via_partition_root = true");
  }
  if (insert.row.size() != described.types.size()) {
    return out_of_place("a row that does not fit its table");
  }
  value_reader_.begin_row();
  values_.clear();
  for (std::size_t i = 0; i < insert.row.size(); ++i) {
    const ColumnType& type = described.types[i];
    values_.push_back(value_reader_.read(insert.row[i], type.oid, type.modifier));
  }
  event_.what = RowInserted{.table = &described.table, .values = values_};
  return {};
}

Result<void> StreamReader::on(const Update&) { return on_other_change(OtherChange::Kind::Update); }

Result<void> StreamReader::on(const Delete&) { return on_other_change(OtherChange::Kind::Delete); }

Result<void> StreamReader::on(const Truncate&) {
  return on_other_change(OtherChange::Kind::Truncate);
}

Result<void> StreamReader::on_other_change(OtherChange::Kind kind) {
  OUTRIDER_TRY(const bool is_new, count_message());
  if (is_new) event_.what = OtherChange{kind};
  return {};
}

Result<void> StreamReader::on(const Message& message) {
  // One that is not transactional holds whether the transaction around it commits or not: it is no
  // part of that, and no place to resume from.
  bool is_new = message.lsn > covered_to_;
  if (message.transactional) {
    OUTRIDER_TRY(is_new, count_message());
  }
  if (is_new) {
    event_.what = LogicalMessage{.is_transactional = message.transactional,
                                 .prefix = message.prefix,
                                 .content = message.content};
  }
  return {};
}

}  // namespace outrider::postgres
