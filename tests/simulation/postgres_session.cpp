#include "tests/simulation/postgres_session.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/sqlstate.h"
#include "relay/base/assert.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace outrider::simulation {
namespace {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;

// The relay asks for idle_session_timeout=30s.
constexpr Duration kIdleTimeout = std::chrono::seconds(30);

postgres::Rows one_row(std::vector<std::optional<std::string>> values) {
  postgres::Rows rows;
  rows.columns = values.size();
  rows.rows.push_back(std::move(values));
  return rows;
}

std::unexpected<Error> failed(const std::string& message, const char* sqlstate) {
  return std::unexpected(postgres::sql_error(message, sqlstate));
}

}  // namespace

PostgresSession::PostgresSession(PostgresInstance& instance, std::shared_ptr<PostgresLink> link)
    : instance_(instance),
      link_(std::move(link)),
      pid_(instance.next_pid++),
      idle_since_(instance.now()) {
  if (is_replication()) ++instance_.walsenders;
}

void PostgresSession::end() {
  if (std::exchange(is_over_, true)) return;
  stop_streaming();
  std::erase_if(instance_.locks, [&](const auto& lock) { return lock.second == pid_; });
  if (is_replication()) --instance_.walsenders;
  link_->close();
}

void PostgresSession::terminate(const char* message, const char* sqlstate) {
  if (is_over_) return;
  link_->send(PostgresLink::Failed{postgres::sql_error(message, sqlstate)});
  end();
}

void PostgresSession::stop_streaming() {
  walsender_.reset();
  if (owns_slot()) instance_.slot_use.reset();
  idle_since_ = instance_.now();
}

void PostgresSession::step() {
  while (!is_over_) {
    const std::optional<PostgresLink::FromClient> message = link_->hear();
    if (!message) break;
    hear(*message);
  }
  if (is_over_) return;
  if (walsender_) {
    step_walsender();
  } else if (query_) {
    if (instance_.now() >= answers_at_) answer();
  } else if (instance_.now() >= idle_since_ + kIdleTimeout) {
    terminate("terminating connection due to idle-session timeout", "57P05");
  }
}

TimePoint PostgresSession::next_event() const {
  if (walsender_) return walsender_->next_event();
  return query_ ? answers_at_ : idle_since_ + kIdleTimeout;
}

void PostgresSession::hear(const PostgresLink::FromClient& message) {
  using Kind = PostgresLink::FromClient::Kind;
  Random& random = instance_.random();
  switch (message.kind) {
    case Kind::Query:
      OUTRIDER_ASSERT(!query_ && !walsender_, "a query while the session is busy");
      query_ = message.bytes;
      answers_at_ = instance_.now() + (instance_.shape.is_slow_at_times && random.once_in(40)
                                           ? random.between(Duration(1ms), Duration(3'000ms))
                                           : random.between(Duration(10us), Duration(2ms)));
      break;
    case Kind::CopyData:
      // After the stream failed, what was on its way is dropped.
      if (walsender_) walsender_->hear(message.bytes);
      break;
    case Kind::CopyDone:
      if (walsender_) link_->send(PostgresLink::CopyDone{});
      stop_streaming();
      break;
    case Kind::Closed:
      end();
      break;
  }
}

void PostgresSession::step_walsender() {
  walsender_->step();
  switch (walsender_->end()) {
    case Walsender::End::No:
      break;
    case Walsender::End::Silent:
      instance_.note(fmt::format("walsender {}: no reply for too long", pid_));
      end();
      break;
    case Walsender::End::Failed:
      instance_.note(fmt::format("walsender {}: {}", pid_, walsender_->error().what));
      link_->send(PostgresLink::Failed{walsender_->error()});
      stop_streaming();
      break;
    case Walsender::End::Orderly:
      instance_.note(fmt::format("walsender {}: all is confirmed, the end", pid_));
      end();
      break;
  }
}

void PostgresSession::answer() {
  const std::string sql = *std::exchange(query_, std::nullopt);
  idle_since_ = instance_.now();
  if (instance_.random().once_in(200)) {
    link_->send(PostgresLink::Warning{postgres::sql_error("there is a harmless warning", "01000")});
  }
  link_->send(PostgresLink::Answer{is_replication() ? run_replication_command(sql) : run(sql)});
}

Result<postgres::Rows> PostgresSession::run(const std::string& sql) {
  const postgres::Options& options = link_->options;
  if (sql == postgres::facts_query(options)) return one_row({instance_.facts(options)});
  if (sql == "SELECT 1") return one_row({"1"});
  OUTRIDER_ASSERT(sql == postgres::setup_query(options),
                  "the simulated server knows no such query");
  if (!instance_.disk.setup) return failed("relation \"outrider.slot\" does not exist", "42P01");
  if (instance_.disk.slot_name == options.slot) return one_row({instance_.setup_row()});
  postgres::Rows none;
  none.columns = 1;
  return none;
}

Result<postgres::Rows> PostgresSession::run_replication_command(const std::string& sql) {
  if (sql == "SELECT 1") return one_row({"1"});
  if (sql == postgres::lock_query(link_->options)) {
    const int owner = instance_.locks.try_emplace(link_->options.slot, pid_).first->second;
    return one_row({owner == pid_ ? "t" : "f", std::to_string(pid_)});
  }
  if (sql == "IDENTIFY_SYSTEM") {
    return one_row({std::to_string(instance_.shape.system_id), std::to_string(instance_.timeline()),
                    postgres::to_string(instance_.disk.log.end()), instance_.shape.database});
  }
  static constexpr std::string_view kHistory = "TIMELINE_HISTORY ";
  if (sql.starts_with(kHistory)) {
    const auto timeline = static_cast<std::uint32_t>(std::stoul(sql.substr(kHistory.size())));
    const std::string name = fmt::format("{:08X}.history", timeline);
    const std::string history = instance_.history(timeline);
    if (history.empty()) return failed("could not open file \"pg_wal/" + name + "\"", "58P01");
    return one_row({name, history});
  }
  return start_replication(sql);
}

Result<postgres::Rows> PostgresSession::start_replication(const std::string& sql) {
  const std::string_view slot = link_->options.slot;
  const std::string head = fmt::format("START_REPLICATION SLOT \"{}\" LOGICAL ", slot);
  const std::string options =
      fmt::format(" (proto_version '1', publication_names '\"{}\"', messages 'true'",
                  link_->options.publication);
  const std::size_t options_at = sql.find(' ', head.size());
  OUTRIDER_ASSERT(sql.starts_with(head) && sql.find(options) == options_at,
                  "the simulated server knows no such command");
  const Result<postgres::Lsn> from =
      postgres::parse_lsn(std::string_view(sql).substr(head.size(), options_at - head.size()));
  OUTRIDER_ASSERT(from.has_value(), "START_REPLICATION from no position");
  const std::string rest = sql.substr(options_at + options.size());
  OUTRIDER_ASSERT(rest == ")" || rest == ", binary 'true')", "unknown options of pgoutput");
  if (!instance_.disk.slot || instance_.disk.slot_name != slot) {
    return failed(fmt::format("replication slot \"{}\" does not exist", slot), "42704");
  }
  if (instance_.slot_use) {
    return failed(
        fmt::format("replication slot \"{}\" is active for PID {}", slot, instance_.slot_use->pid),
        "55006");
  }
  if (instance_.disk.slot->is_lost) {
    return failed(fmt::format("can no longer get changes from replication slot \"{}\"", slot),
                  "55000");
  }
  if (instance_.in_recovery) {
    return failed("logical decoding cannot be used while in recovery", "55000");
  }
  instance_.slot_use = SlotUse{.pid = pid_, .application = fmt::format("outrider:{}", slot)};
  walsender_ = std::make_unique<Walsender>(instance_, *link_, *from,
                                           rest == ")" ? ValueFormat::Text : ValueFormat::Binary);
  instance_.note(fmt::format("relay {} streams from {}, slot at {}", link_->relay,
                             postgres::to_string(*from),
                             postgres::to_string(instance_.disk.slot->confirmed)));
  postgres::Rows rows;
  rows.copying = true;
  return rows;
}

}  // namespace outrider::simulation
