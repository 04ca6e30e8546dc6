// The pipeline while it streams: from the source's events to sealed tickets and confirmed
// positions.
#include "relay/core/pipeline.h"

#include <utility>

namespace outrider {
namespace {

// What one step reads at most, so that time-outs and deliveries get their turn.
constexpr int kEventsPerStep = 4096;
// Bounds the ledger: as many transactions are in flight at most.
constexpr std::size_t kTicketsMax = 10'000;
// An urgent idle position (the server asked) is written at most this often.
constexpr Duration kUrgentIdleInterval = std::chrono::seconds(1);
// Rejected events that are remembered; more than one Kafka transaction holds by default.
constexpr std::size_t kRejectedMax = 20'000;

double seconds_between(WallTime from, WallTime to) {
  return std::chrono::duration<double>(to - from).count();
}

/// The error as the reason to halt over an event.
Error about(const EventId& event, Error error) {
  const std::string name = to_string(event);
  error.what = "event " + name + ": " + error.what;
  if (error.kind == ErrorKind::BadEvent) {
    error.hint += (error.hint.empty() ? "" : "; ") + ("`outrider skip --event " + name) +
                  "` goes on without it";
  }
  return error;
}

}  // namespace

Result<void> Pipeline::stream(Now now) {
  OUTRIDER_TRY(sink_->step(now.steady, supply_));
  OUTRIDER_TRY(settle_deliveries(now));
  const bool was_full = sink_full_;
  OUTRIDER_TRY(supply_, pump(now));
  newly_full_ = sink_full_ && !was_full;
  if (stage_ == Stage::Drain || (sink_full_ && was_full)) return {};
  status_.caught_up = supply_ == Supply::Dry;
  if (supply_ == Supply::Dry) {
    OUTRIDER_TRY(seal_stalled(now.steady));
    OUTRIDER_TRY(seal_idle(now));
  }
  OUTRIDER_TRY(sink_->step(now.steady, supply_));
  OUTRIDER_TRY(settle_deliveries(now));
  if (stopping_ && !ticket_) enter(Stage::Drain, PipelineState::Draining);
  return {};
}

Result<Supply> Pipeline::pump(Now now) {
  for (int i = 0; i < kEventsPerStep; ++i) {
    if (stopping_ && !ticket_) {
      note_room(now.steady);
      return Supply::Dry;
    }
    if (held_ == nullptr) {
      OUTRIDER_TRY(held_, source_->next());
      if (held_ == nullptr) {
        note_room(now.steady);
        return Supply::Dry;
      }
    }
    OUTRIDER_TRY(const Handled handled, handle(*held_, now));
    if (stage_ == Stage::Drain) return Supply::Closing;
    if (handled == Handled::SinkFull) {
      note_full(now.steady);
      return Supply::More;
    }
    held_ = nullptr;
  }
  note_room(now.steady);
  return Supply::More;
}

Result<Pipeline::Handled> Pipeline::handle(const Event& event, Now now) {
  if (const auto* row = std::get_if<RowInserted>(&event.what)) {
    return handle_row(*row, nullptr, event, now);
  }
  if (const auto* message = std::get_if<LogicalMessage>(&event.what)) {
    return handle_message(*message, event, now);
  }
  if (std::holds_alternative<Committed>(event.what)) return handle_commit(event);
  if (const auto* idle = std::get_if<Idle>(&event.what)) {
    if (!ticket_) idle_ = IdlePosition{source_->position(Source::Edge::After), idle->urgent};
  } else if (std::holds_alternative<OtherChange>(event.what)) {
    ++counters_.events_skipped_other_change;
  }
  return Handled::Yes;
}

Result<Pipeline::Handled> Pipeline::handle_message(const LogicalMessage& message,
                                                   const Event& event, Now now) {
  if (!messages_.takes(message)) {
    ++counters_.events_skipped_message;
    return Handled::Yes;
  }
  const Result<RowInserted> row = messages_.read(message);
  if (row) return handle_row(*row, nullptr, event, now);
  return handle_row(messages_.unread(message), &row.error(), event, now);
}

/// `unreadable`: why the row makes no record, if that is known already.
Result<Pipeline::Handled> Pipeline::handle_row(const RowInserted& row, const Error* unreadable,
                                               const Event& event, Now now) {
  if (poison_ && poison_->event.transaction == event.id.transaction) {
    OUTRIDER_TRY(poison(event, poison_->error));
    return Handled::Yes;
  }
  if (!rejected_.empty()) {
    const auto known = rejected_.find(event.id);
    if (known != rejected_.end()) return handle_bad(row, event, known->second.error, now);
  }
  if (unreadable != nullptr) return handle_bad(row, event, *unreadable, now);
  Result<const Record*> mapped = mapper_.map(row, event);
  if (!mapped) return handle_bad(row, event, std::move(mapped).error(), now);
  if (*mapped == nullptr) {
    ++counters_.events_received;
    ++counters_.events_skipped_other_table;
    return Handled::Yes;
  }
  Result<Handled> offered = offer(**mapped, event, now);
  if (!offered && offered.error().kind == ErrorKind::BadEvent) {
    return handle_bad(row, event, std::move(offered).error(), now);
  }
  return offered;
}

Result<Pipeline::Handled> Pipeline::offer(const Record& record, const Event& event, Now now) {
  const std::size_t record_bytes = record.bytes();
  const TicketLimits limits = sink_->limits();
  if (ticket_ && ticket_->records > 0 &&
      (ticket_->records >= limits.records || ticket_->bytes + record_bytes > limits.bytes)) {
    OUTRIDER_TRY(const Handled sealed, seal_open(Source::Edge::Before));
    if (sealed == Handled::SinkFull) return sealed;
  }
  if (!ticket_) {
    if (ledger_.size() >= kTicketsMax) return Handled::SinkFull;
    ticket_ =
        OpenTicket{.ticket = ledger_.open({.id = event.id, .committed_at = event.committed_at}),
                   .since = now.steady};
  }
  OUTRIDER_TRY(const Sink::Offer offer, sink_->offer(record, ticket_->ticket));
  if (offer == Sink::Offer::Full) return Handled::SinkFull;
  ++counters_.events_received;
  ++ticket_->records;
  ticket_->bytes += record_bytes;
  return Handled::Yes;
}

Result<Pipeline::Handled> Pipeline::handle_bad(const RowInserted& row, const Event& event,
                                               Error error, Now now) {
  const BadEventPolicy policy = policy_of(event.id);
  if (error.kind != ErrorKind::BadEvent || policy == BadEventPolicy::Halt) {
    OUTRIDER_TRY(poison(event, std::move(error)));
    return Handled::Yes;
  }
  if (policy == BadEventPolicy::Skip) {
    ++counters_.events_received;
    ++counters_.events_skipped_bad;
    // An error: an event is lost, and each must be found in the log.
    say(Notice::Severity::Error,
        "skipped bad event " + dead_letters_.name(row, event) + ": " + error.what);
  } else {
    Result<Handled> buried = bury(row, event, error, now);
    if (!buried && buried.error().kind == ErrorKind::BadEvent) {
      error.what += "; nor does it fit the dead-letter topic: " + buried.error().what;
      error.hint = std::move(buried).error().hint;
      OUTRIDER_TRY(poison(event, std::move(error)));
      return Handled::Yes;
    }
    if (!buried || *buried == Handled::SinkFull) return buried;
    ++counters_.events_dead_lettered;
    say(Notice::Severity::Warning, "sent bad event " + dead_letters_.name(row, event) + " to \"" +
                                       dead_letters_.topic() + "\": " + error.what);
  }
  ++counters_.events_bad;
  return Handled::Yes;
}

BadEventPolicy Pipeline::policy_of(const EventId& event) const {
  return options_.skipped_events.contains(event) ? BadEventPolicy::Skip : options_.bad_event;
}

Result<Pipeline::Handled> Pipeline::bury(const RowInserted& row, const Event& event,
                                         const Error& error, Now now) {
  using Extent = DeadLetters::Extent;
  const auto known = rejected_.find(event.id);
  const bool was_buried_whole = known != rejected_.end() && known->second.times > 1;
  if (!was_buried_whole) {
    Result<Handled> whole = offer(dead_letters_.map(row, event, error, Extent::Whole), event, now);
    if (whole || whole.error().kind != ErrorKind::BadEvent) return whole;
  }
  return offer(dead_letters_.map(row, event, error, Extent::Brief), event, now);
}

Result<Pipeline::Handled> Pipeline::handle_commit(const Event& event) {
  if (ticket_) {
    OUTRIDER_TRY(const Handled sealed, seal_open(Source::Edge::After));
    if (sealed == Handled::SinkFull) return sealed;
  } else {
    idle_ = IdlePosition{source_->position(Source::Edge::After), false};
  }
  ++counters_.transactions;
  counters_.last_commit = event.committed_at;
  return Handled::Yes;
}

Result<Pipeline::Handled> Pipeline::seal_open(Source::Edge edge) {
  const Position position = source_->position(edge);
  OUTRIDER_TRY(const Sink::Offer offer, sink_->seal(ticket_->ticket, position));
  if (offer == Sink::Offer::Full) return Handled::SinkFull;
  ledger_.seal(position, ticket_->records, ticket_->bytes);
  ticket_.reset();
  idle_.reset();
  return Handled::Yes;
}

Result<void> Pipeline::seal_stalled(TimePoint now) {
  if (!ticket_ || ticket_->records == 0 || now < ticket_->since + options_.max_open) return {};
  OUTRIDER_TRY(seal_open(Source::Edge::After));
  return {};
}

Result<void> Pipeline::seal_idle(Now now) {
  if (!idle_ || !ledger_.empty() || now.steady < idle_due()) return {};
  OUTRIDER_TRY(const bool sealed, seal_alone(idle_->position));
  idle_sealed_at_ = now.steady;
  if (sealed) idle_.reset();
  return {};
}

TimePoint Pipeline::idle_due() const {
  return idle_sealed_at_ +
         (idle_->urgent ? kUrgentIdleInterval : options_.idle_checkpoint_interval);
}

/// Seals a ticket without records; false if the sink has no room for it now.
Result<bool> Pipeline::seal_alone(const Position& position) {
  const Ticket ticket = ledger_.open_without_events();
  OUTRIDER_TRY(const Sink::Offer offer, sink_->seal(ticket, position));
  if (offer == Sink::Offer::Full) {
    ledger_.cancel();
    return false;
  }
  ledger_.seal(position, 0, 0);
  return true;
}

Result<void> Pipeline::poison(const Event& event, Error error) {
  ++counters_.events_bad;
  const bool known = poison_ && poison_->event.transaction == event.id.transaction;
  if (!known) {
    error = about(event.id, std::move(error));
    poison_ = Poison{event.id, error};
  }
  owe(CommittedEvent{.id = event.id, .committed_at = event.committed_at});
  if (ticket_ && ticket_->records > 0) {
    // Its first events were offered already: they must not become visible without the rest.
    return failure(ErrorKind::Interrupted,
                   "giving up a transaction with a bad event: " + error.what);
  }
  if (ticket_) {
    ledger_.cancel();
    ticket_.reset();
  }
  error.kind = ErrorKind::BadEvent;
  halting_ = std::move(error);
  enter(Stage::Drain, PipelineState::Draining);
  return {};
}

Result<void> Pipeline::drain(Now now) {
  // What the sink has heard meanwhile may make room for the last checkpoint.
  OUTRIDER_TRY(sink_->step(now.steady, Supply::Closing));
  if (!final_sealed_) {
    // A last checkpoint of where reading ended: it marks the stop as clean.
    const auto edge = held_ == nullptr ? Source::Edge::After : Source::Edge::Before;
    OUTRIDER_TRY(final_sealed_, seal_alone(source_->position(edge)));
  }
  OUTRIDER_TRY(sink_->step(now.steady, Supply::Closing));
  OUTRIDER_TRY(settle_deliveries(now));
  if (!final_sealed_ || !ledger_.empty()) return {};
  if (halting_) {
    halt(*std::exchange(halting_, std::nullopt));
  } else {
    give_up_everything();
    settle();
  }
  return {};
}

Result<void> Pipeline::settle_deliveries(Now now) {
  sink_->collect(deliveries_);
  if (deliveries_.failed) {
    Deliveries::Failure failed = std::move(*deliveries_.failed);
    deliveries_ = {};
    if (failed.error.kind == ErrorKind::BadEvent) {
      note_rejected(failed);
      failed.error.kind = ErrorKind::Interrupted;
    }
    return std::unexpected(std::move(failed.error));
  }
  for (const Ticket ticket : deliveries_.delivered) {
    const std::optional<DeliveryLedger::Delivered> delivered = ledger_.delivered(ticket);
    if (!delivered || delivered->records == 0) continue;
    counters_.events_published += delivered->records;
    counters_.last_published = now.wall;
    counters_.bytes_published += delivered->bytes;
    counters_.latency.observe(std::max(0.0, seconds_between(delivered->committed_at, now.wall)),
                              delivered->records);
  }
  deliveries_.delivered.clear();
  const std::optional<Position> confirmable = ledger_.take_confirmable();
  if (!confirmable) return {};
  if (stage_ == Stage::FirstCheckpoint) return {};
  backoff_.reset();
  status_.healthy = true;
  return source_->confirm(*confirmable);
}

/// The event comes again after the rebuild; then the policy is applied.
void Pipeline::note_rejected(Deliveries::Failure failed) {
  // As a record, as a dead letter, and as a brief one.
  constexpr int kTimesMost = 3;
  if (policy_of(failed.event) != BadEventPolicy::Halt && failed.exact) {
    if (rejected_.size() >= kRejectedMax && !rejected_.contains(failed.event)) {
      rejected_.erase(rejected_.begin());
    }
    Rejected& known = rejected_[failed.event];
    if (++known.times < kTimesMost) {
      // The first error says what is wrong with the event itself.
      if (known.times == 1) known.error = std::move(failed.error);
      return;
    }
  }
  poison_ = Poison{failed.event, about(failed.event, std::move(failed.error))};
}

void Pipeline::note_full(TimePoint now) {
  if (sink_full_) {
    counters_.backpressure_seconds += std::chrono::duration<double>(now - full_since_).count();
  }
  sink_full_ = true;
  full_since_ = now;
}

void Pipeline::note_room(TimePoint now) {
  if (!sink_full_) return;
  counters_.backpressure_seconds += std::chrono::duration<double>(now - full_since_).count();
  sink_full_ = false;
  // It was the sink that was waited for, not the source.
  if (ticket_) ticket_->since = now;
}

}  // namespace outrider
