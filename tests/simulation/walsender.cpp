#include "tests/simulation/walsender.h"

#include "connectors/postgres/sqlstate.h"
#include "relay/base/assert.h"
#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outrider::simulation {
namespace {

using outrider::testing::PgoutputWriter;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;

// The relay asks for wal_sender_timeout=30s; it is asked for a reply at half of it.
constexpr Duration kTimeout = std::chrono::seconds(30);
constexpr int kSkipsMissingPublications = 18;
constexpr int kSkipsEmptyTransactions = 15;

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (const char c : bytes.substr(at, 8)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

Walsender::Walsender(PostgresInstance& instance, PostgresLink& link, postgres::Lsn requested,
                     ValueFormat format)
    : instance_(instance),
      link_(link),
      format_(format),
      start_(std::max(requested, instance.disk.slot->confirmed)),
      sent_(instance.disk.slot->confirmed),
      sent_pending_(sent_),
      last_reply_(instance.now()),
      works_at_(instance.now()) {
  const std::vector<LogRecord>& records = instance_.disk.log.records();
  const auto first =
      std::ranges::upper_bound(records, instance_.disk.slot->restart, {},
                               [](const LogRecord& record) { return record.committed.end_lsn; });
  next_record_ = static_cast<std::size_t>(first - records.begin());
}

void Walsender::hear(std::string_view status) {
  OUTRIDER_ASSERT(status.size() == 34 && status[0] == 'r', "the client sent no status update");
  last_reply_ = instance_.now();
  waits_for_reply_ = false;
  keepalive_is_due_ = true;
  write_ = postgres::Lsn{number_at(status, 1)};
  flush_ = postgres::Lsn{number_at(status, 9)};
  OUTRIDER_ASSERT(flush_ <= instance_.disk.log.end() && flush_ <= write_,
                  "the client confirmed what was never written");
  const postgres::Lsn before = instance_.disk.slot->confirmed;
  instance_.confirm(flush_);
  if (flush_ > before) {
    instance_.note(fmt::format("relay {} confirms {}", link_.relay, postgres::to_string(flush_)));
  }
  if (status[33] != 0) send_keepalive(false);
}

bool Walsender::has_work() const {
  if (!pending_.empty()) return true;
  const std::vector<LogRecord>& records = instance_.disk.log.records();
  if (next_record_ == records.size()) return false;
  return !instance_.stopping_at ||
         records[next_record_].committed.end_lsn <= *instance_.stopping_at;
}

TimePoint Walsender::next_event() const {
  TimePoint next = last_reply_ + kTimeout;
  if (!waits_for_reply_) next = std::min(next, last_reply_ + kTimeout / 2);
  if (link_.has_room() && has_work())
    next = std::min(next, was_idle_ ? instance_.now() : works_at_);
  return next;
}

void Walsender::step() {
  const TimePoint now = instance_.now();
  if (now >= last_reply_ + kTimeout) {
    end_ = End::Silent;
    return;
  }
  if (!waits_for_reply_ && now >= last_reply_ + kTimeout / 2) send_keepalive(true);
  if (was_idle_ && has_work()) {
    works_at_ = now + instance_.random().between(Duration(5us), Duration(500us));
    was_idle_ = false;
  }
  while (end_ == End::No && now >= works_at_ && link_.has_room()) {
    if (!pending_.empty()) {
      send_next();
    } else if (has_work()) {
      decode(instance_.disk.log.records()[next_record_++]);
    } else {
      idle();
      return;
    }
    if (instance_.random().once_in(8)) {
      works_at_ = now + instance_.random().between(Duration(5us), Duration(2ms));
    }
  }
}

void Walsender::send_next() {
  Message message = std::move(pending_.front());
  pending_.pop_front();
  Random& random = instance_.random();
  if (random.once_in(40)) send_keepalive(random.once_in(4));
  if (random.once_in(400)) {
    link_.send(PostgresLink::Warning{postgres::sql_error("there is a harmless warning", "01000")});
  }
  link_.send(PostgresLink::CopyData{outrider::testing::xlog_data(
      message.start, message.start, instance_.environment.clock.wall, message.payload)});
  if (!pending_.empty()) return;
  sent_ = sent_pending_;
  keepalive_is_due_ = true;
}

// All of the log was sent. See WalSndWaitForWal() and WalSndDone().
void Walsender::idle() {
  was_idle_ = true;
  if (instance_.stopping_at) {
    if ((flush_ == postgres::Lsn{} ? write_ : flush_) >= sent_) {
      link_.send(PostgresLink::CopyDone{});
      end_ = End::Orderly;
    } else if (!waits_for_reply_) {
      send_keepalive(true);
    }
    return;
  }
  const bool is_behind = flush_ < sent_ && write_ < sent_;
  if (std::exchange(keepalive_is_due_, false) && is_behind && !waits_for_reply_) {
    send_keepalive(false);
  }
}

void Walsender::send_keepalive(bool reply_requested) {
  waits_for_reply_ = waits_for_reply_ || reply_requested;
  link_.send(PostgresLink::CopyData{
      outrider::testing::keepalive(sent_, instance_.environment.clock.wall, reply_requested)});
}

void Walsender::queue(postgres::Lsn start, std::string payload) {
  pending_.push_back({.start = start, .payload = std::move(payload)});
}

void Walsender::queue_begin(const LogRecord& record) {
  if (std::exchange(begin_is_sent_, true)) return;
  const Committed& committed = record.committed;
  queue(committed.final_lsn,
        outrider::testing::begin_message(committed.final_lsn, committed.at, committed.xid));
}

void Walsender::decode(const LogRecord& record) {
  sent_pending_ = record.committed.end_lsn;
  const bool is_wanted = record.committed.final_lsn >= start_;
  begin_is_sent_ = false;
  switch (record.kind) {
    case LogRecord::Kind::Other:
      break;
    case LogRecord::Kind::RolledBack:
      // Postgres 18 may say so although nothing was streamed.
      if (instance_.shape.major >= 18 && instance_.random().once_in(3)) {
        queue(
            postgres::Lsn{},
            PgoutputWriter('A').number(record.committed.xid).number(record.committed.xid).bytes());
      }
      break;
    case LogRecord::Kind::Commit:
    case LogRecord::Kind::Unpublished:
      if (is_wanted) decode_changes(record);
      break;
    case LogRecord::Kind::Catalog:
      // What is published may have changed: see rel_sync_cache_publication_cb() of pgoutput.
      described_.clear();
      if (is_wanted) decode_changes(record);
      break;
  }
  if (!pending_.empty() || end_ != End::No) return;
  sent_ = sent_pending_;
  keepalive_is_due_ = true;
}

Walsender::Lookup Walsender::look_up_publication(const Catalog& catalog) {
  if (catalog.publication) {
    has_warned_ = false;
    return Lookup::Found;
  }
  const std::string& name = instance_.disk.publication_name;
  if (instance_.shape.major < kSkipsMissingPublications) {
    error_ = postgres::sql_error(fmt::format("publication \"{}\" does not exist", name), "42704");
    end_ = End::Failed;
    return Lookup::Failed;
  }
  if (!std::exchange(has_warned_, true)) {
    instance_.note("walsender: skipped loading publication");
    link_.send(PostgresLink::Warning{
        postgres::sql_error(fmt::format("skipped loading publication \"{}\"", name), "55000")});
  }
  return Lookup::Skip;
}

void Walsender::decode_changes(const LogRecord& record) {
  const Committed& committed = record.committed;
  const Catalog& catalog = instance_.disk.catalogs[record.catalog];
  static const std::vector<Change> kNone;
  const bool has_rows = record.kind == LogRecord::Kind::Commit;
  const std::vector<Change>& changes =
      has_rows ? instance_.disk.log.transactions()[record.transaction].changes : kNone;
  if (instance_.shape.major < kSkipsEmptyTransactions) queue_begin(record);
  if (record.kind == LogRecord::Kind::Unpublished &&
      look_up_publication(catalog) == Lookup::Failed) {
    return;
  }
  for (const Change& change : changes) {
    if (change.kind == Change::Kind::Message) continue;  // Nobody asked for them.
    const Lookup lookup = look_up_publication(catalog);
    if (lookup == Lookup::Failed) return;
    if (lookup == Lookup::Skip || catalog.publication->members[change.table] == 0) continue;
    if (change.kind != Change::Kind::Insert && !instance_.shape.publishes_all) continue;
    queue_begin(record);
    if (described_.insert(change.table).second || instance_.random().once_in(20)) {
      queue(postgres::Lsn{}, relation_message(instance_.shape, change.table));
    }
    queue(committed.final_lsn, change_message(instance_.shape, change, format_));
  }
  if (!begin_is_sent_) return;
  queue(committed.end_lsn,
        outrider::testing::commit_message(committed.final_lsn, committed.end_lsn, committed.at));
}

}  // namespace outrider::simulation
