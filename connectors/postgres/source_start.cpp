// How the Postgres source, owner of its slot, decides where to begin, and begins to stream.
#include "connectors/postgres/source.h"
#include "connectors/postgres/values.h"

#include <algorithm>
#include <utility>

namespace outrider::postgres {
namespace {

constexpr Duration kStartTimeout = std::chrono::seconds(60);

}  // namespace

Result<void> PostgresSource::admit(const Position& checkpoint) const {
  OUTRIDER_TRY(const PostgresPosition position, PostgresPosition::unpack(checkpoint));
  return check_identity(options_, system_, position);
}

std::optional<Position> PostgresSource::confirmed_position() const {
  const Result<PostgresPosition> position = position_of_slot(facts());
  return position ? std::optional(position->pack()) : std::nullopt;
}

Result<void> PostgresSource::ask_for_lock(TimePoint now) {
  OUTRIDER_TRY(const bool quiet, take_keep_alive_answers());
  if (!quiet) return {};
  return ask(Step::ProveLock, *stream_, kNothing, now);
}

// The session of the lock lives: nobody else can have moved slot or checkpoint since the facts.
Result<void> PostgresSource::prove_lock(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Rows> rows, stream_->result());
  if (rows) hold(now);
  return {};
}

Result<bool> PostgresSource::prove_held(TimePoint now) {
  if (step_ == Step::Held) move_to(Step::FinishBeforePlan, now + kStepTimeout);
  return advance_to(Step::Held, "compare the checkpoint with", now);
}

Result<std::optional<Source::Plan>> PostgresSource::plan(const Found& found, TimePoint now) {
  OUTRIDER_TRY(const bool proved, prove_held(now));
  if (!proved) return std::nullopt;
  std::optional<PostgresPosition> checkpoint;
  if (found.checkpoint) {
    OUTRIDER_TRY(checkpoint, PostgresPosition::unpack(found.checkpoint->position));
  }
  OUTRIDER_TRY(StartDecision decision, decide_start(facts(), found.keeps_checkpoints, checkpoint));
  notices_.insert(notices_.end(), decision.notices.begin(), decision.notices.end());
  return Plan{.from = decision.from.pack(), .write_checkpoint = decision.write_checkpoint};
}

Result<bool> PostgresSource::start(const Position& from, TimePoint now) {
  if (step_ == Step::Held) {
    OUTRIDER_TRY(from_, PostgresPosition::unpack(from));
    move_to(Step::FinishKeepAlive, now + kStepTimeout);
  }
  return advance_to(Step::Streaming, "start reading", now);
}

Result<void> PostgresSource::request_stream(TimePoint now) {
  OUTRIDER_TRY(const bool quiet, take_keep_alive_answers());
  if (!quiet) return {};
  const bool is_binary = std::ranges::all_of(facts_.column_types, readable_in_binary);
  const std::string command = "START_REPLICATION SLOT " + quote_identifier(options_.slot) +
                              " LOGICAL " + to_string(facts_.slot->confirmed_flush) +
                              " (proto_version '1', publication_names " +
                              quote_literal(quote_identifier(options_.publication)) +
                              // Also if none is wanted: they count as places in a transaction, and
                              // those must not shift when the configuration changes.
                              ", messages 'true'" + (is_binary ? ", binary 'true')" : ")");
  OUTRIDER_TRY(stream_->query(command));
  move_to(Step::BeginStream, now + kStartTimeout);
  return {};
}

Result<void> PostgresSource::begin_stream(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Rows> rows, stream_->result());
  if (!rows) return {};
  if (!rows->copying) {
    return failure(ErrorKind::Interrupted, "the server did not begin to stream");
  }
  return ask(Step::QueryStarted, *watch_, facts_query(options_), now);
}

/// The server's last word says more than that the stream is gone.
Result<void> PostgresSource::hear_why_the_stream_ended() {
  while (true) {
    OUTRIDER_TRY(const std::optional<std::string_view> received, stream_->read_copy());
    if (!received) return {};
  }
}

Result<void> PostgresSource::judge_started(TimePoint now) {
  OUTRIDER_TRY(const std::optional<ServerFacts> facts, facts_answer());
  if (!facts) return {};
  note_facts(*facts);
  if (Result<void> started = check_started(options_, *facts, from_, stream_pid_); !started) {
    if (facts->slot && !facts->slot->active) OUTRIDER_TRY(hear_why_the_stream_ended());
    return started;
  }
  reader_.emplace(from_, facts_.slot->confirmed_flush, text_bytes(facts_.server_encoding));
  reader_->learn(*facts);
  durable_ = from_.end_lsn;
  flush_ = facts_.slot->confirmed_flush;
  flush_sent_ = flush_;
  counters_.acked_position = durable_.value;
  counters_.confirmed_position = flush_.value;
  write_sent_ = {};
  rate_window_end_ = now;
  rate_window_bytes_ = counters_.bytes_received;
  is_behind_ = false;
  look_due_ = false;
  look_asked_ = false;
  must_read_ = false;
  reply_due_ = true;
  status_sent_at_ = now;
  next_watch_ = now + kWatchInterval;
  move_to(Step::Streaming, std::nullopt);
  return {};
}

}  // namespace outrider::postgres
