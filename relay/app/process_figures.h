// What the kernel says about this process; used by the metrics.
#pragma once

#include "relay/base/time.h"

#include <cstdint>

namespace outrider::app {

struct ProcessFigures {
  double cpu_seconds = 0;  ///< User and system time.
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t descriptors_max = 0;
  std::uint64_t threads = 0;
  WallTime started_at;
};

/// Reads /proc/self; a figure that cannot be read is 0. `started_at` is the same at every call.
ProcessFigures process_figures();

}  // namespace outrider::app
