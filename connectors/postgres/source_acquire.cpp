// How the Postgres source becomes the owner of its slot.
#include "connectors/postgres/source.h"
#include "connectors/postgres/sqlstate.h"
#include "connectors/postgres/values.h"

#include <charconv>
#include <utility>

namespace outrider::postgres {
namespace {

constexpr Duration kStandbyInterval = std::chrono::seconds(1);
// For a database whose encoding is unknown: otherwise the server ends the stream at text that is no
// UTF-8 (see Postgres, pg_server_to_any()).
constexpr std::string_view kNoConversion = "set client_encoding to 'SQL_ASCII'; ";
// One call may pass through several steps; more than this would be a loop.
constexpr int kStepsPerCall = 16;

template <typename Number>
Result<Number> number_in(const std::optional<std::string>& text) {
  Number number{};
  if (text) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error == std::errc{} && end == text->data() + text->size()) return number;
  }
  return failure(ErrorKind::Interrupted, "the server answered with no number");
}

}  // namespace

PostgresSource::PostgresSource(Options options, std::unique_ptr<Connector> connector)
    : options_(std::move(options)), connector_(std::move(connector)) {}

Result<Source::Standing> PostgresSource::acquire(TimePoint now) {
  OUTRIDER_TRY(const bool held, advance_to(Step::Held, "acquire", now));
  if (held) {
    is_standby_ = false;
    return Standing::Held;
  }
  return is_standby_ ? Standing::Standby : Standing::Working;
}

Result<bool> PostgresSource::advance_to(Step goal, const char* act, TimePoint now) {
  for (int i = 0; i < kStepsPerCall && step_ != goal; ++i) {
    const Step before = step_;
    if (Result<void> done = advance(now); !done) {
      return std::unexpected(
          std::move(done).error().within(act + (" slot \"" + options_.slot + "\"")));
    }
    if (step_ == before) break;
  }
  return step_ == goal;
}

Result<void> PostgresSource::advance(TimePoint now) {
  if (deadline_ && now >= *deadline_) {
    if (waits_for_watch()) forget_server();
    return failure(ErrorKind::Unavailable, "the server did not answer in time");
  }
  switch (step_) {
    case Step::Idle:
      watch_ = connector_->open(Connection::Kind::Ordinary);
      ++counters_.connects;
      move_to(Step::ConnectWatch, now + kStepTimeout);
      return {};
    case Step::ConnectWatch:
      return connect_watch(now);
    case Step::QueryOwner:
      return judge_owner(now);
    case Step::Standby:
      OUTRIDER_TRY(watch_->check());
      if (now < next_look_) return {};
      return ask(Step::QueryOwner, *watch_, facts_query(options_), now);
    case Step::ConnectStream:
      return connect_stream(now);
    case Step::Lock:
      return take_lock(now);
    case Step::Identify:
      return identify(now);
    case Step::History:
      return read_history(now);
    case Step::QueryFacts:
      return read_facts(now);
    case Step::QuerySetup:
      return read_setup(now);
    case Step::FinishBeforePlan:
      return ask_for_lock(now);
    case Step::ProveLock:
      return prove_lock(now);
    case Step::FinishKeepAlive:
      return request_stream(now);
    case Step::BeginStream:
      return begin_stream(now);
    case Step::QueryStarted:
      return judge_started(now);
    case Step::Held:
    case Step::Streaming:
      return {};
  }
  return {};
}

void PostgresSource::move_to(Step step, std::optional<TimePoint> deadline) {
  step_ = step;
  deadline_ = deadline;
}

Result<void> PostgresSource::ask(Step step, Connection& connection, std::string_view query,
                                 TimePoint now) {
  OUTRIDER_TRY(connection.query(query));
  move_to(step, now + kStepTimeout);
  return {};
}

Result<void> PostgresSource::connect_watch(TimePoint now) {
  Result<bool> ready = watch_->connect();
  if (!ready) forget_server();
  OUTRIDER_TRY(const bool connected, std::move(ready));
  if (!connected) return {};
  return ask(Step::QueryOwner, *watch_, facts_query(options_), now);
}

void PostgresSource::stand_by(TimePoint now) {
  stream_.reset();
  is_standby_ = true;
  next_look_ = now + kStandbyInterval;
  move_to(Step::Standby, std::nullopt);
}

Result<void> PostgresSource::judge_owner(TimePoint now) {
  OUTRIDER_TRY(const std::optional<ServerFacts> facts, facts_answer());
  if (!facts) return {};
  note_facts(*facts);
  facts_ = *facts;
  if (facts->lock_held) {
    if (facts->slot) note_owners_progress(*facts->slot);
    stand_by(now);
    return {};
  }
  OUTRIDER_TRY(check_primary(*facts));  // Or a promotion would change the timeline meanwhile.
  stream_ = connector_->open(Connection::Kind::Replication);
  ++counters_.connects;
  move_to(Step::ConnectStream, now + kStepTimeout);
  return {};
}

/// The owner tells the server to forget what is durable in its sink, and nothing else.
void PostgresSource::note_owners_progress(const SlotFacts& slot) {
  counters_.acked_position = slot.confirmed_flush.value;
  counters_.confirmed_position = slot.confirmed_flush.value;
}

Result<void> PostgresSource::connect_stream(TimePoint now) {
  Result<bool> ready = stream_->connect();
  if (!ready && sqlstate_of(ready.error()) == kTooManyConnections) {
    if (!std::exchange(is_crowded_, true)) {
      notices_.push_back({Notice::Severity::Warning, ready.error().what + "; standing by",
                          "raise max_wal_senders if no other instance is active"});
    }
    stand_by(now);
    return {};
  }
  OUTRIDER_TRY(const bool connected, std::move(ready));
  if (!connected) return {};
  is_crowded_ = false;
  std::string query = lock_query(options_);
  if (text_bytes(facts_.server_encoding) == TextBytes::Any) query.insert(0, kNoConversion);
  return ask(Step::Lock, *stream_, query, now);
}

Result<void> PostgresSource::take_lock(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Rows> rows, stream_->result());
  if (!rows) return {};
  if (rows->rows.size() != 1 || rows->columns != 2) {
    return failure(ErrorKind::Interrupted, "the server answered the lock query with no row");
  }
  if (rows->rows[0][0] != "t") {
    stand_by(now);
    return {};
  }
  OUTRIDER_TRY(stream_pid_, number_in<std::int64_t>(rows->rows[0][1]));
  return ask(Step::Identify, *stream_, "IDENTIFY_SYSTEM", now);
}

Result<void> PostgresSource::identify(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Rows> rows, stream_->result());
  if (!rows) return {};
  if (rows->rows.size() != 1 || rows->columns < 4) {
    return failure(ErrorKind::Interrupted, "the server answered IDENTIFY_SYSTEM with no row");
  }
  const auto& row = rows->rows[0];
  OUTRIDER_TRY(system_.system_id, number_in<std::uint64_t>(row[0]));
  OUTRIDER_TRY(system_.timeline, number_in<std::uint32_t>(row[1]));
  OUTRIDER_TRY(system_.database, Identifier::from(row[3].value_or("")));
  system_.timeline_history.clear();
  if (system_.timeline > 1) {
    return ask(Step::History, *stream_, "TIMELINE_HISTORY " + std::to_string(system_.timeline),
               now);
  }
  return ask(Step::QueryFacts, *watch_, facts_query(options_), now);
}

Result<void> PostgresSource::read_history(TimePoint now) {
  Result<std::optional<Rows>> answer = stream_->result();
  // Without the file there is no history; only a checkpoint of another timeline needs one.
  if (!answer && sqlstate_of(answer.error()) == kUndefinedFile) answer = Rows{};
  OUTRIDER_TRY(const std::optional<Rows> rows, std::move(answer));
  if (!rows) return {};
  if (rows->rows.size() == 1 && rows->columns == 2) {
    system_.timeline_history = rows->rows[0][1].value_or("");
  }
  return ask(Step::QueryFacts, *watch_, facts_query(options_), now);
}

Result<void> PostgresSource::read_facts(TimePoint now) {
  OUTRIDER_TRY(std::optional<ServerFacts> facts, facts_answer());
  if (!facts) return {};
  note_facts(*facts);
  facts_ = std::move(*facts);
  OUTRIDER_TRY(check_facts(options_, facts_));
  OUTRIDER_TRY(check_database(options_, system_, *facts_.slot));
  OUTRIDER_TRY(check_not_active(options_, *facts_.slot, 0));
  setup_.reset();
  if (facts_.setup_table_readable) {
    return ask(Step::QuerySetup, *watch_, setup_query(options_), now);
  }
  hold(now);
  return {};
}

Result<void> PostgresSource::read_setup(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Rows> rows, watch_->result());
  if (!rows) return {};
  if (!rows->rows.empty() && rows->columns == 1 && rows->rows[0][0]) {
    OUTRIDER_TRY(setup_, parse_setup(*rows->rows[0][0]));
  }
  hold(now);
  return {};
}

void PostgresSource::hold(TimePoint now) {
  next_keep_alive_ = now + kKeepAliveInterval;
  move_to(Step::Held, std::nullopt);
}

}  // namespace outrider::postgres
