// The life of a pipeline around its streaming: start order, errors, halt and stop.
#include "relay/core/pipeline.h"
#include "relay/core/policy.h"

#include <utility>

namespace outrider {
namespace {

constexpr int kRebuildsBeforeUnhealthy = 2;
// One stage may lead to the next at once; more than this in one step would be a loop.
constexpr int kStagesPerStep = 8;

}  // namespace

Pipeline::Pipeline(PipelineOptions options, OutboxMapper mapper, std::unique_ptr<Source> source,
                   std::unique_ptr<Sink> sink)
    : options_(std::move(options)),
      mapper_(std::move(mapper)),
      messages_(mapper_.options()),
      dead_letters_(options_.dead_letter_topic, mapper_.options()),
      source_(std::move(source)),
      sink_(std::move(sink)),
      backoff_(options_.backoff, options_.seed) {}

Wake Pipeline::step(Now now) {
  for (int i = 0; i < kStagesPerStep; ++i) {
    const Stage before = stage_;
    if (Result<void> done = advance(now); !done) fail(std::move(done).error(), now.steady);
    if (stage_ == before) break;
  }
  if (is_holding()) {
    if (Result<void> done = source_->tick(now); !done) {
      fail(std::move(done).error(), now.steady);
    }
  }
  counters_.tickets_in_flight = ledger_.size();
  forget_what_was_delivered();
  const std::optional<CommittedEvent> oldest = oldest_undelivered();
  counters_.oldest_undelivered = oldest ? oldest->committed_at : WallTime{};
  return wake(now.steady);
}

Result<void> Pipeline::advance(Now now) {
  if (stopping_ && stage_ < Stage::Stream) {
    give_up_everything();
    settle();
  }
  // What was given up is ended while the source is waited for: until then an open transaction of it
  // holds back every consumer.
  if (stage_ == Stage::Acquire || stage_ == Stage::Pause) sink_is_at_rest_ = sink_->at_rest();
  switch (stage_) {
    case Stage::Acquire:
      return acquire(now.steady);
    case Stage::Look:
      return look(now.steady);
    case Stage::Open:
      return open(now.steady);
    case Stage::Plan:
      return plan(now.steady);
    case Stage::FirstCheckpoint:
      return first_checkpoint(now);
    case Stage::Start:
      return start(now.steady);
    case Stage::Stream:
      return stream(now);
    case Stage::Drain:
      return drain(now);
    case Stage::Pause:
      if (stopping_) {
        settle();
      } else if (now.steady >= retry_at_) {
        stage_ = Stage::Acquire;
      }
      return {};
    case Stage::Settle:
      if (!sink_->at_rest()) return {};
      if (stopping_) {
        enter(Stage::Stopped, PipelineState::Stopped);
      } else {
        stage_ = Stage::Halted;
      }
      return {};
    case Stage::Halted:
      if (stopping_) enter(Stage::Stopped, PipelineState::Stopped);
      return {};
    case Stage::Stopped:
      return {};
  }
  return {};
}

Result<void> Pipeline::acquire(TimePoint now) {
  OUTRIDER_TRY(const Source::Standing standing, source_->acquire(now));
  switch (standing) {
    case Source::Standing::Working:
      break;
    case Source::Standing::Standby:
      if (status_.state != PipelineState::Standby) {
        enter(Stage::Acquire, PipelineState::Standby);
        status_.reason = "another instance owns the source";
        status_.hint = {};
        status_.healthy = true;
        say(Notice::Severity::Info, "standing by: another instance owns the source");
      }
      break;
    case Source::Standing::Held:
      stage_ = Stage::Look;
      break;
  }
  return {};
}

Result<void> Pipeline::look(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Found> found, sink_->look(now));
  if (!found) return {};
  if (found->checkpoint) OUTRIDER_TRY(source_->admit(found->checkpoint->position));
  stage_ = Stage::Open;
  return {};
}

Result<void> Pipeline::open(TimePoint now) {
  OUTRIDER_TRY(std::optional<Found> found, sink_->open(now, source_->confirmed_position()));
  if (!found) return {};
  if (found->checkpoint) OUTRIDER_TRY(source_->admit(found->checkpoint->position));
  found_ = std::move(*found);
  stage_ = Stage::Plan;
  return {};
}

Result<void> Pipeline::plan(TimePoint now) {
  OUTRIDER_TRY(const std::optional<Source::Plan> plan, source_->plan(found_, now));
  if (!plan) return {};
  plan_ = *plan;
  if (found_.checkpoint && found_.checkpoint->written_by == Delivery::AtLeastOnce &&
      !found_.checkpoint->clean && options_.delivery == Delivery::ExactlyOnce) {
    say(Notice::Severity::Warning,
        "the last run delivered at_least_once and was not stopped cleanly: events after its last "
        "checkpoint may repeat once");
  }
  first_checkpoint_sealed_ = false;
  stage_ =
      plan_.write_checkpoint && found_.keeps_checkpoints ? Stage::FirstCheckpoint : Stage::Start;
  return {};
}

Result<void> Pipeline::first_checkpoint(Now now) {
  OUTRIDER_TRY(sink_->step(now.steady, Supply::Dry));
  if (!first_checkpoint_sealed_) {
    OUTRIDER_TRY(first_checkpoint_sealed_, seal_alone(plan_.from));
    if (!first_checkpoint_sealed_) return {};
    OUTRIDER_TRY(sink_->step(now.steady, Supply::Dry));
  }
  OUTRIDER_TRY(settle_deliveries(now));
  if (ledger_.empty()) stage_ = Stage::Start;
  return {};
}

Result<void> Pipeline::start(TimePoint now) {
  OUTRIDER_TRY(const bool streaming, source_->start(plan_.from, now));
  if (!streaming) return {};
  enter(Stage::Stream, PipelineState::Streaming);
  status_.reason = {};
  status_.hint = {};
  idle_sealed_at_ = now;
  supply_ = Supply::More;
  say(Notice::Severity::Info, "streaming");
  return {};
}

void Pipeline::fail(Error error, TimePoint now) {
  ++counters_.errors_by_kind[static_cast<std::size_t>(error.kind)];
  if (policy(error.kind) != Consequence::Rebuild) {
    halt(std::move(error));
    return;
  }
  give_up_everything();
  if (stopping_) {
    settle();
    return;
  }
  ++counters_.rebuilds;
  retry_at_ = now + backoff_.next();
  enter(Stage::Pause, PipelineState::Retrying);
  status_.healthy = backoff_.failures() < kRebuildsBeforeUnhealthy;
  say(Notice::Severity::Warning, error.what + "; retrying", error.hint);
  status_.reason = std::move(error.what);
  status_.hint = std::move(error.hint);
}

void Pipeline::halt(Error error) {
  give_up_everything();
  enter(Stage::Settle, PipelineState::Halted);
  status_.healthy = false;
  say(Notice::Severity::Error, "halted: " + error.what, error.hint);
  status_.reason = std::move(error.what);
  status_.hint = std::move(error.hint);
}

void Pipeline::give_up_everything() {
  sink_->abandon();
  source_->release();
  owe(ledger_.oldest());
  ledger_.clear();
  held_ = nullptr;
  ticket_.reset();
  idle_.reset();
  halting_.reset();
  supply_ = Supply::Dry;
  sink_full_ = false;
  newly_full_ = false;
  final_sealed_ = false;
  deliveries_ = {};
}

void Pipeline::owe(const std::optional<CommittedEvent>& event) {
  forget_what_was_delivered();
  if (event && (!owed_ || event->id < owed_->id)) owed_ = event;
}

/// Also what another instance delivered, or a commit of which it was never heard that it succeeded.
void Pipeline::forget_what_was_delivered() {
  if (owed_ && source_->counters().acked_position > owed_->id.transaction) owed_.reset();
}

std::optional<CommittedEvent> Pipeline::oldest_undelivered() const {
  const std::optional<CommittedEvent> oldest = ledger_.oldest();
  return owed_ && (!oldest || owed_->id < oldest->id) ? owed_ : oldest;
}

void Pipeline::settle() { enter(Stage::Settle, PipelineState::Draining); }

bool Pipeline::is_holding() const {
  switch (stage_) {
    case Stage::Look:
    case Stage::Open:
    case Stage::Plan:
    case Stage::FirstCheckpoint:
    case Stage::Start:
    case Stage::Stream:
    case Stage::Drain:
      return true;
    case Stage::Acquire:
    case Stage::Pause:
    case Stage::Settle:
    case Stage::Halted:
    case Stage::Stopped:
      return false;
  }
  return false;
}

void Pipeline::enter(Stage stage, PipelineState state) {
  stage_ = stage;
  status_.state = state;
  if (state != PipelineState::Streaming) status_.caught_up = false;
}

Wake Pipeline::wake(TimePoint now) const {
  Wake wake;
  switch (stage_) {
    case Stage::Acquire:
      wake = source_->wake(Source::Reading::Yes);
      if (!sink_is_at_rest_) wake.merge(sink_->wake());
      return wake;
    case Stage::Look:
    case Stage::Open:
    case Stage::FirstCheckpoint:
    case Stage::Drain:
      wake = source_->wake(Source::Reading::No);
      wake.merge(sink_->wake());
      return wake;
    case Stage::Plan:
    case Stage::Start:
      return source_->wake(Source::Reading::Yes);
    case Stage::Stream:
      wake = source_->wake(sink_full_ ? Source::Reading::No : Source::Reading::Yes);
      wake.merge(sink_->wake());
      if (sink_full_) {
        if (newly_full_) wake.by(now);
        return wake;
      }
      if (supply_ == Supply::More) wake.by(now);
      if (ticket_ && ticket_->records > 0) wake.by(ticket_->since + options_.max_open);
      if (idle_ && ledger_.empty()) wake.by(idle_due());
      return wake;
    case Stage::Pause:
      wake.by(retry_at_);
      if (!sink_is_at_rest_) wake.merge(sink_->wake());
      return wake;
    case Stage::Settle:
      return sink_->wake();
    case Stage::Halted:
    case Stage::Stopped:
      return wake;
  }
  return wake;
}

Notices Pipeline::take_notices() {
  Notices taken = std::exchange(notices_, {});
  for (Notices more : {source_->take_notices(), sink_->take_notices()}) {
    taken.insert(taken.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
  }
  return taken;
}

void Pipeline::say(Notice::Severity severity, std::string what, std::string hint) {
  notices_.push_back({severity, std::move(what), std::move(hint)});
}

}  // namespace outrider
