// What a pipeline tells about itself; read by relay/app for metrics, /status and /readyz.
#pragma once

#include "relay/base/error.h"
#include "relay/base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace outrider {

enum class PipelineState { Starting, Standby, Streaming, Retrying, Draining, Halted, Stopped };

/// The state as one lower-case word, for metrics labels and JSON.
std::string_view to_string(PipelineState state);

struct PipelineStatus {
  PipelineState state = PipelineState::Starting;
  /// Why it does not stream: the last error, or whom it stands by for; empty while all is well.
  std::string reason;
  std::string hint;  ///< What mends it; may be empty.
  bool caught_up = false;
  /// False after two rebuilds in a row without progress, and while halted.
  bool healthy = true;
};

/// Events by the time from their commit to their delivery, in the buckets of a Prometheus
/// histogram (not cumulative; the last one has no upper bound).
struct LatencyHistogram {
  static constexpr std::array<double, 16> kUpperBoundsSeconds = {
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

  std::array<std::uint64_t, kUpperBoundsSeconds.size() + 1> buckets{};
  double sum_seconds = 0;

  /// Counts `events` events of the same latency.
  void observe(double seconds, std::uint64_t events) {
    std::size_t bucket = 0;
    while (bucket < kUpperBoundsSeconds.size() && seconds > kUpperBoundsSeconds[bucket]) ++bucket;
    buckets[bucket] += events;
    sum_seconds += seconds * static_cast<double>(events);
  }
};

constexpr std::size_t kErrorKinds = static_cast<std::size_t>(ErrorKind::Internal) + 1;

/// Plain figures since the pipeline was made; read and written on its thread.
struct PipelineCounters {
  std::uint64_t events_received = 0;   ///< Rows of any published table.
  std::uint64_t events_published = 0;  ///< Delivered: durable in the sink with their checkpoint.
  std::uint64_t events_skipped_other_change = 0;  ///< Updates, deletes, truncates.
  std::uint64_t events_skipped_message = 0;       ///< Logical messages.
  std::uint64_t events_skipped_other_table = 0;
  std::uint64_t events_bad = 0;  ///< The policy for bad events was applied; again after a rebuild.
  std::uint64_t events_skipped_bad = 0;    ///< Of these: left out.
  std::uint64_t events_dead_lettered = 0;  ///< Of these: sent to the dead-letter topic.
  std::uint64_t transactions = 0;          ///< Complete source transactions read.
  std::uint64_t bytes_published = 0;
  std::uint64_t rebuilds = 0;
  std::uint64_t tickets_in_flight = 0;
  double backpressure_seconds = 0;
  LatencyHistogram latency;
  WallTime last_commit{};     ///< Of the last transaction read; the epoch if none.
  WallTime last_published{};  ///< When an event was delivered last; the epoch if none was.
  /// Commit time of the oldest event that was read and is not known to be delivered, also by a
  /// stream that has ended since; the epoch if there is none.
  WallTime oldest_undelivered{};
  std::array<std::uint64_t, kErrorKinds> errors_by_kind{};
};

}  // namespace outrider
