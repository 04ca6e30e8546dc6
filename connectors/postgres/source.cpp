#include "connectors/postgres/source.h"

#include "connectors/postgres/sqlstate.h"

#include <algorithm>
#include <utility>

namespace outrider::postgres {
namespace {

constexpr std::string_view kWatchEnded = "the watching connection ended";
constexpr Duration kWatchTimeout = std::chrono::seconds(30);
constexpr Duration kStatusInterval = std::chrono::seconds(10);
// After a new confirmation, or after news of the server's position alone.
constexpr Duration kConfirmInterval = std::chrono::milliseconds(100);
constexpr Duration kReceivedInterval = std::chrono::seconds(1);
// While the socket waits for much to arrive, it is read this often all the same.
constexpr Duration kBehindInterval = std::chrono::milliseconds(2);
// So much in one window says that we are behind: the socket's mark is reached before the next read.
constexpr Duration kRateWindow = std::chrono::milliseconds(5);
constexpr std::uint64_t kBehindBytes = 64 * 1024;

}  // namespace

Result<const Event*> PostgresSource::next() {
  must_read_ = false;
  if (look_due_) return nullptr;
  Result<std::optional<std::string_view>> received = stream_->read_copy();
  OUTRIDER_TRY(check_warnings());
  OUTRIDER_TRY(const std::optional<std::string_view> data, std::move(received));
  if (!data) return nullptr;
  counters_.bytes_received += data->size();
  if (data->starts_with('k')) ++counters_.keepalives;
  OUTRIDER_TRY(const Event* event, reader_->read(*data));
  if (reader_->take_reply_request()) reply_due_ = true;
  // The server describes a table again when something about it changed, also that it was left out
  // for a while. Nothing that comes after a gap may be said.
  if (reader_->take_description()) look_due_ = true;
  raise_flush();
  counters_.received_position = reader_->received().value;
  counters_.last_message = reader_->sent();
  return event;
}

void PostgresSource::judge_rate(TimePoint now) {
  if (now < rate_window_end_) return;
  const bool behind = counters_.bytes_received - rate_window_bytes_ >= kBehindBytes;
  rate_window_bytes_ = counters_.bytes_received;
  rate_window_end_ = now + kRateWindow;
  if (behind == is_behind_) return;
  is_behind_ = behind;
  stream_->set_low_watermark(behind);
}

Result<void> PostgresSource::check_warnings() {
  for (std::string& warning : stream_->take_warnings()) {
    // Postgres 18 goes on without the rows when it cannot find the publication. The message is in
    // the server's language; the code is not.
    const Error as_error{ErrorKind::Refused, std::move(warning)};
    if (sqlstate_of(as_error) == kNotInPrerequisiteState ||
        as_error.what.find("skipped loading publication") != std::string::npos) {
      return failure(ErrorKind::Refused, "the server skips rows: " + as_error.what,
                     "the publication was missing or created anew after these rows were written; "
                     "they are only in the outbox table now");
    }
    note_warning(as_error.what);
  }
  return {};
}

void PostgresSource::note_warning(const std::string& warning) {
  notices_.push_back({Notice::Severity::Warning, "Postgres says: " + warning});
}

Position PostgresSource::position(Edge edge) const {
  return reader_ ? reader_->position(edge).pack() : from_.pack();
}

Result<void> PostgresSource::confirm(const Position& delivered) {
  OUTRIDER_TRY(const PostgresPosition position, PostgresPosition::unpack(delivered));
  durable_ = std::max(durable_, position.end_lsn);
  counters_.acked_position = durable_.value;
  if (reader_) raise_flush();
  return {};
}

void PostgresSource::raise_flush() {
  if (reader_->is_verified()) flush_ = std::max(flush_, durable_);
}

Result<void> PostgresSource::tick(Now now) {
  last_tick_ = now;
  if (watch_) {
    // It sends no rows, so whatever it warns of, none are left out.
    for (const std::string& warning : watch_->take_warnings()) note_warning(warning);
  }
  if (step_ == Step::Streaming) {
    judge_rate(now.steady);
    OUTRIDER_TRY(watch(now));
    // Nothing else would send it while nothing is read.
    if (stream_->interest().write) OUTRIDER_TRY(stream_->write_copy({}));
    if (now.steady >= status_due()) return send_status(now);
    return {};
  }
  if (step_ == Step::Held) return keep_alive(now.steady);
  return {};
}

Result<bool> PostgresSource::take_keep_alive_answers() {
  const auto take = [](Connection& connection, bool& is_busy) -> Result<void> {
    if (!is_busy) return connection.check();
    OUTRIDER_TRY(const std::optional<Rows> rows, connection.result());
    is_busy = !rows;
    return {};
  };
  if (Result<void> taken = take(*watch_, watch_is_busy_); !taken) {
    return std::unexpected(std::move(taken).error().within(kWatchEnded));
  }
  if (Result<void> taken = take(*stream_, stream_is_busy_); !taken) {
    return std::unexpected(
        std::move(taken).error().within("the connection that holds the lock ended"));
  }
  return !watch_is_busy_ && !stream_is_busy_;
}

Result<void> PostgresSource::keep_alive(TimePoint now) {
  OUTRIDER_TRY(const bool quiet, take_keep_alive_answers());
  if (now < next_keep_alive_) return {};
  if (!quiet) {
    return failure(ErrorKind::Unavailable, "the server did not answer while its slot was held");
  }
  next_keep_alive_ = now + kKeepAliveInterval;
  // Both: the server ends either one when it is idle for too long.
  OUTRIDER_TRY(stream_->query(kNothing));
  stream_is_busy_ = true;
  OUTRIDER_TRY(watch_->query(kNothing));
  watch_is_busy_ = true;
  return {};
}

Result<void> PostgresSource::watch(Now now) {
  if (!watch_is_busy_) {
    if (Result<void> ended = watch_->check(); !ended) {
      return std::unexpected(std::move(ended).error().within(kWatchEnded));
    }
    if (now.steady < next_watch_ && !look_due_) return {};
    OUTRIDER_TRY(watch_->query(facts_query(options_)));
    watch_is_busy_ = true;
    look_asked_ = look_due_;
    next_watch_ = now.steady + kWatchTimeout;
    return {};
  }
  OUTRIDER_TRY(const std::optional<ServerFacts> facts, facts_answer());
  if (!facts) {
    if (now.steady < next_watch_) return {};
    return failure(ErrorKind::Unavailable, "the server did not answer a catalog query in time");
  }
  watch_is_busy_ = false;
  next_watch_ = now.steady + kWatchInterval;
  note_facts(*facts);
  if (facts->clock) counters_.clock_skew = *facts->clock - now.wall;
  OUTRIDER_TRY(check_coverage(options_, *facts));
  OUTRIDER_TRY(check_same_publication(options_, *facts, from_.publication_digest));
  reader_->learn(*facts);
  if (!std::exchange(look_asked_, false)) return {};
  look_due_ = false;
  must_read_ = true;
  return {};
}

Result<std::optional<ServerFacts>> PostgresSource::facts_answer() {
  Result<std::optional<Rows>> answer = watch_->result();
  if (!answer) forget_server();
  OUTRIDER_TRY(const std::optional<Rows> rows, std::move(answer));
  if (!rows) return std::nullopt;
  OUTRIDER_TRY(const std::string answered, single_value(*rows));
  OUTRIDER_TRY(ServerFacts facts, parse_facts(answered));
  return facts;
}

void PostgresSource::note_facts(const ServerFacts& facts) {
  counters_.server_position = facts.wal_end.value;
  forget_slot();
  if (!facts.slot) return;
  counters_.slot_status = facts.slot->wal_status;
  counters_.slot_failover = facts.slot->failover;
  if (facts.slot->restart && facts.wal_end >= *facts.slot->restart) {
    counters_.retained_bytes = facts.wal_end.value - facts.slot->restart->value;
  }
  if (facts.slot->safe_wal_bytes) {
    counters_.safe_bytes =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, *facts.slot->safe_wal_bytes));
  }
}

void PostgresSource::forget_slot() {
  counters_.slot_status.clear();
  counters_.slot_failover.reset();
  counters_.retained_bytes.reset();
  counters_.safe_bytes.reset();
}

/// Nobody says any more how it is.
void PostgresSource::forget_server() {
  forget_slot();
  counters_.clock_skew.reset();
}

TimePoint PostgresSource::status_due() const {
  if (reply_due_) return TimePoint::min();
  if (flush_ > flush_sent_) return status_sent_at_ + kConfirmInterval;
  if (reader_->received() > write_sent_) return status_sent_at_ + kReceivedInterval;
  return status_sent_at_ + kStatusInterval;
}

Result<void> PostgresSource::send_status(Now now) {
  const StatusUpdate update{.write = std::max(reader_->received(), flush_),
                            .flush = flush_,
                            .apply = flush_,
                            .sent = now.wall,
                            .reply_requested = false};
  const auto bytes = encode(update);
  OUTRIDER_TRY(stream_->write_copy({bytes.data(), bytes.size()}));
  ++counters_.feedback_sent;
  reply_due_ = false;
  flush_sent_ = flush_;
  counters_.confirmed_position = flush_.value;
  write_sent_ = update.write;
  status_sent_at_ = now.steady;
  return {};
}

void PostgresSource::release() {
  if (step_ == Step::Streaming && flush_ > flush_sent_) {
    // Best effort: the checkpoint in the sink is what counts.
    static_cast<void>(send_status(last_tick_));
  }
  if (step_ == Step::Streaming) stream_->end_copy();
  stream_.reset();
  watch_.reset();
  reader_.reset();
  setup_.reset();
  stream_is_busy_ = false;
  watch_is_busy_ = false;
  is_standby_ = false;
  is_crowded_ = false;
  move_to(Step::Idle, std::nullopt);
}

// A descriptor that is ready but that the step does not read would wake for ever.
bool PostgresSource::waits_for_watch() const {
  switch (step_) {
    case Step::ConnectWatch:
    case Step::QueryOwner:
    case Step::Standby:
    case Step::QueryFacts:
    case Step::QuerySetup:
    case Step::Held:
    case Step::FinishBeforePlan:
    case Step::FinishKeepAlive:
    case Step::QueryStarted:
    case Step::Streaming:
      return true;
    case Step::Idle:
    case Step::ConnectStream:
    case Step::Lock:
    case Step::Identify:
    case Step::History:
    case Step::ProveLock:
    case Step::BeginStream:
      return false;
  }
  return false;
}

bool PostgresSource::waits_for_stream() const {
  return step_ == Step::Held || step_ == Step::FinishBeforePlan || step_ == Step::FinishKeepAlive ||
         step_ == Step::Streaming || (step_ != Step::Idle && !waits_for_watch());
}

Wake PostgresSource::wake(Reading reading) const {
  Wake wake;
  const bool hold_back = step_ == Step::Streaming && (reading == Reading::No || look_due_);
  if (waits_for_stream()) {
    Wake::Descriptor descriptor = stream_->interest();
    if (hold_back) descriptor.read = false;
    // Without an interest it must not be watched at all, or a hang-up wakes for ever.
    if (descriptor.fd >= 0 && (descriptor.read || descriptor.write)) wake.watch(descriptor);
  }
  if (waits_for_watch() && watch_->interest().fd >= 0) wake.watch(watch_->interest());
  if (deadline_) wake.by(*deadline_);
  switch (step_) {
    case Step::Standby:
      wake.by(next_look_);
      break;
    case Step::Held:
      wake.by(next_keep_alive_);
      break;
    case Step::Streaming:
      wake.by(look_due_ && !watch_is_busy_ ? last_tick_.steady : next_watch_);
      // What came before the look may already be out of the socket.
      if (must_read_ && reading == Reading::Yes) wake.by(last_tick_.steady);
      wake.by(status_due());
      if (is_behind_ && !hold_back) wake.by(last_tick_.steady + kBehindInterval);
      break;
    default:
      break;
  }
  return wake;
}

}  // namespace outrider::postgres
