// ./dev bench latency: how long an event takes at a low rate. Used by the lab's main.
#pragma once

#include <string>

namespace outrider::testing {

struct LatencyOptions {
  int seconds = 20;
  int per_second = 100;
  std::string delivery = "both";  ///< Or exactly_once, at_least_once.
};

/// Single-row transactions at an even pace; from COMMIT returning
/// to a read_committed consumer (kcat) holding the record. Then what the relay takes at rest. The
/// exit code: 1 if an event is missing.
int run_latency(const LatencyOptions& options);

}  // namespace outrider::testing
