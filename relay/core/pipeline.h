// The pipeline: moves events from one source to one sink and confirms what is durable. Driven by
// relay/app's runner, by tests and by simulations.
#pragma once

#include "connectors/notice.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "connectors/wake.h"
#include "relay/base/backoff.h"
#include "relay/base/error.h"
#include "relay/base/time.h"
#include "relay/core/dead_letters.h"
#include "relay/core/ledger.h"
#include "relay/core/message_row.h"
#include "relay/core/outbox_mapper.h"
#include "relay/core/pipeline_status.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace outrider {

struct PipelineOptions {
  Delivery delivery = Delivery::ExactlyOnce;
  /// How long records of a transaction that the source has not finished may wait for its rest
  /// before they are delivered as a part. Bounds how long an open Kafka transaction blocks others.
  Duration max_open = std::chrono::seconds(5);
  /// How often a position without events is written to the sink at most.
  Duration idle_checkpoint_interval = std::chrono::seconds(10);
  BadEventPolicy bad_event = BadEventPolicy::Halt;
  /// Bad events that are skipped under every policy, as an operator has decided.
  std::set<EventId> skipped_events = {};
  /// Needed for BadEventPolicy::DeadLetter.
  std::string dead_letter_topic = "outbox.dead-letter";
  Backoff::Options backoff = {};
  /// Decides the jitter of the back-off.
  std::uint64_t seed = 0;
};

/// One source, one mapper, one sink, one ledger. Pure: no clock, no I/O of its own, no threads; all
/// calls on one thread. A pipeline heals itself (Retrying) or rests with a reason (Halted); it
/// never ends by itself.
class Pipeline {
 public:
  Pipeline(PipelineOptions options, OutboxMapper mapper, std::unique_ptr<Source> source,
           std::unique_ptr<Sink> sink);

  /// Does a bounded amount of work and says what to wait for before the next step. Never blocks.
  Wake step(Now now);

  /// Begins an orderly stop: no event is read after the current transaction, what was read is
  /// delivered and confirmed, source and sink are closed. stopped() says when it is done.
  void stop() { stopping_ = true; }
  bool stopped() const { return stage_ == Stage::Stopped; }

  const PipelineStatus& status() const { return status_; }
  const PipelineCounters& counters() const { return counters_; }
  const SourceCounters& source_counters() const { return source_->counters(); }
  const SinkCounters& sink_counters() const { return sink_->counters(); }
  /// Moves out what pipeline, source and sink said since the last call.
  Notices take_notices();

 private:
  enum class Stage {
    Acquire,
    Look,
    Open,
    Plan,
    FirstCheckpoint,
    Start,
    Stream,
    Drain,   // Reading has ended: deliver what is in flight, then rest.
    Pause,   // Waits for the back-off after an error.
    Settle,  // Everything is given up; the sink finishes in the background.
    Halted,
    Stopped,
  };
  enum class Handled { Yes, SinkFull };
  struct OpenTicket {
    Ticket ticket;
    TimePoint since;
    std::size_t records = 0;
    std::size_t bytes = 0;
  };
  struct IdlePosition {
    Position position;
    bool urgent = false;
  };
  /// An event for which the pipeline halts before its transaction; survives rebuilds.
  struct Poison {
    EventId event;
    Error error;
  };
  /// An event that the sink took and could not deliver; survives rebuilds.
  struct Rejected {
    Error error;
    int times = 0;  // As a record of its own, then as a dead letter.
  };

  // Start (pipeline_start.cpp).
  Result<void> advance(Now now);
  Result<void> acquire(TimePoint now);
  Result<void> look(TimePoint now);
  Result<void> open(TimePoint now);
  Result<void> plan(TimePoint now);
  Result<void> first_checkpoint(Now now);
  Result<void> start(TimePoint now);
  void fail(Error error, TimePoint now);
  void halt(Error error);
  void give_up_everything();
  void settle();
  /// Notes an event that was read and that the ledger will know nothing of.
  void owe(const std::optional<CommittedEvent>& event);
  void forget_what_was_delivered();
  std::optional<CommittedEvent> oldest_undelivered() const;
  bool is_holding() const;
  void enter(Stage stage, PipelineState state);

  // Streaming (pipeline_stream.cpp).
  Result<void> stream(Now now);
  Result<void> drain(Now now);
  Result<bool> seal_alone(const Position& position);
  TimePoint idle_due() const;
  Result<Supply> pump(Now now);
  Result<Handled> handle(const Event& event, Now now);
  Result<Handled> handle_row(const RowInserted& row, const Error* unreadable, const Event& event,
                             Now now);
  Result<Handled> handle_message(const LogicalMessage& message, const Event& event, Now now);
  Result<Handled> offer(const Record& record, const Event& event, Now now);
  Result<Handled> handle_bad(const RowInserted& row, const Event& event, Error error, Now now);
  Result<Handled> bury(const RowInserted& row, const Event& event, const Error& error, Now now);
  BadEventPolicy policy_of(const EventId& event) const;
  void note_rejected(Deliveries::Failure failed);
  Result<Handled> handle_commit(const Event& event);
  Result<Handled> seal_open(Source::Edge edge);
  Result<void> seal_stalled(TimePoint now);
  Result<void> seal_idle(Now now);
  Result<void> poison(const Event& event, Error error);
  Result<void> settle_deliveries(Now now);
  void note_full(TimePoint now);
  void note_room(TimePoint now);

  Wake wake(TimePoint now) const;
  void say(Notice::Severity severity, std::string what, std::string hint = {});

  const PipelineOptions options_;
  OutboxMapper mapper_;
  MessageRows messages_;
  DeadLetters dead_letters_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  DeliveryLedger ledger_;
  Backoff backoff_;

  Stage stage_ = Stage::Acquire;
  bool stopping_ = false;
  std::optional<Error> halting_;  // Why Drain and Settle lead to Halted.
  TimePoint retry_at_;
  Found found_;  // What Plan is made for.
  Source::Plan plan_;
  bool first_checkpoint_sealed_ = false;

  // The oldest event that was given up undelivered, or that the pipeline halts over; survives
  // rebuilds.
  std::optional<CommittedEvent> owed_;
  const Event* held_ = nullptr;  // Said by the source, not yet taken by the sink.
  std::optional<OpenTicket> ticket_;
  std::optional<IdlePosition> idle_;
  TimePoint idle_sealed_at_ = TimePoint::min();
  std::optional<Poison> poison_;
  std::map<EventId, Rejected> rejected_;
  Supply supply_ = Supply::Dry;
  bool sink_full_ = false;
  bool sink_is_at_rest_ = true;  // Only known while the source is waited for.
  bool newly_full_ = false;      // The sink has not had a step since it said Full.
  bool final_sealed_ = false;
  TimePoint full_since_;
  Deliveries deliveries_;

  PipelineStatus status_;
  PipelineCounters counters_;
  Notices notices_;
};

}  // namespace outrider
