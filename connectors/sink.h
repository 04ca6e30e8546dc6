// The contract of a sink: where records go. Implemented by connectors, driven by the pipeline.
#pragma once

#include "connectors/notice.h"
#include "connectors/position.h"
#include "connectors/record.h"
#include "connectors/wake.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace outrider {

/// A unit of delivery in flight: a source transaction, or a part of a very large one. Unique for
/// the life of the process, rising in the order of the source.
enum class Ticket : std::uint64_t {};

/// How much one ticket may hold.
struct TicketLimits {
  std::size_t records = 0;
  std::size_t bytes = 0;
};

/// Whether more events are ready, so that a sink knows whether it is caught up.
enum class Supply {
  More,     ///< Behind: let batches grow.
  Dry,      ///< Caught up: deliver what is sealed at once.
  Closing,  ///< The last call before an orderly stop: deliver at once, then rest.
};

/// What became of tickets since the last collect().
struct Deliveries {
  struct Failure {
    EventId event;  ///< The culprit, or if not `exact` the first event of the failed batch.
    bool exact = false;
    Error error;
  };
  std::vector<Ticket> delivered;  ///< Durable together with their positions. Any order.
  std::optional<Failure> failed;
};

/// Figures that the metrics show. Plain; read and written on the pipeline's thread only.
struct SinkCounters {
  std::uint64_t records_delivered = 0;
  std::uint64_t bytes_delivered = 0;
  std::uint64_t records_in_flight = 0;
  std::uint64_t bytes_in_flight = 0;
  std::uint64_t transactions_committed = 0;
  std::uint64_t transactions_aborted = 0;
  std::uint64_t checkpoints_written = 0;
  std::uint64_t errors_retriable = 0;
  std::uint64_t errors_abortable = 0;
  std::uint64_t errors_fatal = 0;
  std::uint64_t errors_fenced = 0;
  std::uint64_t errors_record = 0;  ///< Records that the sink refused.
};

/// All calls come from the pipeline's thread and none blocks. An error of any call means:
/// abandon() and begin again with look(), or stop, as the policy says. An Error of kind BadEvent
/// from offer() speaks of that record alone; nothing of it was taken.
///
/// Order of calls: look() until it has a value, open() until it has a value, then offer(), seal(),
/// step(), collect(); abandon() at any time.
class Sink {
 public:
  enum class Offer {
    Taken,
    /// Ask again after collect(). Inside a ticket only if room comes without another seal().
    Full,
  };

  virtual ~Sink() = default;

  /// Reads the checkpoint without fencing anyone. What was delivered a moment ago, or by another
  /// instance since, may not show yet: only open() finds the one that counts. No value: still
  /// working.
  virtual Result<std::optional<Found>> look(TimePoint now) = 0;

  /// Fences older instances and reads the checkpoint that counts. No value: still working.
  /// `confirmed` is the source's confirmed_position(): what the sink wrote up to there was
  /// delivered, whatever the sink's own server remembers of it.
  virtual Result<std::optional<Found>> open(TimePoint now,
                                            const std::optional<Position>& confirmed) = 0;

  virtual TicketLimits limits() const = 0;

  /// Takes a copy of the record under the ticket.
  virtual Result<Offer> offer(const Record& record, Ticket ticket) = 0;

  /// All records of the ticket were offered; `position` is that after the last of them. A ticket
  /// without records is a checkpoint alone.
  virtual Result<Offer> seal(Ticket ticket, const Position& position) = 0;

  /// Does what is due: deliver, commit, time-outs.
  virtual Result<void> step(TimePoint now, Supply supply) = 0;

  /// Adds what happened since the last call. A ticket is delivered when its records and a position
  /// at or after its own are durable.
  virtual void collect(Deliveries& deliveries) = 0;

  /// Gives up all that is not delivered and every handle; what consumers can see of it is aborted
  /// as soon as the server can be reached. Never fails, never blocks.
  virtual void abandon() = 0;

  /// After abandon(): true when nothing is left to do in the background. Ask again when wake()
  /// says so.
  virtual bool at_rest() = 0;

  virtual Wake wake() const = 0;
  virtual const SinkCounters& counters() const = 0;
  /// Moves out what was said since the last call.
  virtual Notices take_notices() = 0;
};

}  // namespace outrider
