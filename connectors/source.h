// The contract of a source: where events come from. Implemented by connectors, driven by the
// pipeline.
#pragma once

#include "connectors/event.h"
#include "connectors/notice.h"
#include "connectors/position.h"
#include "connectors/wake.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace outrider {

/// Figures that the metrics show. Plain; read and written on the pipeline's thread only.
struct SourceCounters {
  std::uint64_t connects = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t keepalives = 0;
  std::uint64_t feedback_sent = 0;
  std::uint64_t received_position = 0;  ///< As a number (Postgres: LSN); 0 = not known.
  /// Everything before it is durable in the sink: events whose transaction has a lower number.
  std::uint64_t acked_position = 0;
  std::uint64_t confirmed_position = 0;  ///< What the server was last told to forget up to.
  std::uint64_t server_position = 0;     ///< The end of the server's log at the last look.
  /// What the server keeps because of us, in bytes; what it can still keep before the slot is lost
  /// (no value: no limit). As of the last look; not known once there is no slot, or no server that
  /// would say so.
  std::optional<std::uint64_t> retained_bytes;
  std::optional<std::uint64_t> safe_bytes;
  std::string slot_status;            ///< reserved, extended, unreserved, lost; empty: not known.
  std::optional<bool> slot_failover;  ///< Whether the slot is kept over a failover, if known.
  /// How far the server's clock is ahead of ours; no value: not known.
  std::optional<std::chrono::microseconds> clock_skew;
  /// When the server sent its last message of the stream, by its clock; the epoch if none came.
  WallTime last_message{};
};

/// All calls come from the pipeline's thread; none blocks for longer than a name look-up. An error
/// of any call means: release() and begin again with acquire(), or stop, as the policy says.
///
/// Order of calls: acquire() until Held, admit(), plan() until a value, start() until true, then
/// next(), confirm(), tick() in any order; release() at any time. tick() may be called in every
/// state.
class Source {
 public:
  enum class Standing {
    Working,  ///< Ask again when wake() says so.
    Standby,  ///< Another instance owns the source; it is watched. Ask again when wake() says so.
    Held,     ///< Owned, until release().
  };

  /// Which side of the event that next() returned last.
  enum class Edge { Before, After };

  enum class Reading { Yes, No };

  /// What the comparison of checkpoint and source came to.
  struct Plan {
    Position from;                  ///< Nothing before it is said again.
    bool write_checkpoint = false;  ///< `from` must be durable in the sink before start().
  };

  virtual ~Source() = default;

  virtual Result<Standing> acquire(TimePoint now) = 0;

  /// Refuses a checkpoint of another source (foreign cluster, database or slot). Called before the
  /// sink fences anyone.
  virtual Result<void> admit(const Position& checkpoint) const = 0;

  /// Up to where it was told, by whatever instance, that everything is durable in the sink. No
  /// value: it does not remember. While held.
  virtual std::optional<Position> confirmed_position() const = 0;

  /// Compares the checkpoint that counts with what the source can still say. No value: not yet,
  /// call again with the same. Makes sure that the source is still held: where another instance
  /// took it and went on, what it did since would look like a loss. Refused where events are lost
  /// or would repeat in silence.
  virtual Result<std::optional<Plan>> plan(const Found& found, TimePoint now) = 0;

  /// Begins to stream from the plan's position; true once events can be asked for.
  virtual Result<bool> start(const Position& from, TimePoint now) = 0;

  /// The next event, or null if nothing is ready. The event and all its views live until the next
  /// call of next().
  virtual Result<const Event*> next() = 0;

  /// The position before or after the event that next() returned last (after it returned null:
  /// that of the last event, or of start()).
  virtual Position position(Edge edge) const = 0;

  /// Everything up to `delivered` is durable in the sink. Never goes backwards.
  virtual Result<void> confirm(const Position& delivered) = 0;

  /// Does what time asks for: feedback, checks, time-outs.
  virtual Result<void> tick(Now now) = 0;

  /// Lets go of the source in good order if it can; keeps nothing. Never fails.
  virtual void release() = 0;

  /// What to wait for. Without room in the sink (`Reading::No`) the stream itself is not waited
  /// for, so that back-pressure reaches the server.
  virtual Wake wake(Reading reading) const = 0;
  virtual const SourceCounters& counters() const = 0;
  virtual const PositionFormat& position_format() const = 0;
  /// Moves out what was said since the last call.
  virtual Notices take_notices() = 0;
};

}  // namespace outrider
