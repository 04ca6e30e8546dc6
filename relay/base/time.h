// Time as the pure layers see it: an argument, never a call. Used by all layers.
#pragma once

#include <chrono>

namespace outrider {

using Duration = std::chrono::steady_clock::duration;

/// Monotonic time, for deadlines.
using TimePoint = std::chrono::steady_clock::time_point;

/// Wall-clock time in UTC with the resolution of Postgres (microseconds), for what people and
/// consumers see.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Both clocks, read together once per step of a pipeline.
struct Now {
  TimePoint steady;
  WallTime wall;
};

}  // namespace outrider
