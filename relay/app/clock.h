// Both clocks of the process; the only place that reads them. Used by threads, log and HTTP.
#pragma once

#include "relay/base/time.h"

namespace outrider::app {

inline WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

inline Now clock_now() { return {.steady = std::chrono::steady_clock::now(), .wall = wall_now()}; }

}  // namespace outrider::app
