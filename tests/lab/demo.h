// ./dev demo: services, real servers, the relay between them, and the proof. Used by the lab's
// main.
#pragma once

#include <cstdint>
#include <functional>

namespace outrider::testing {

struct DemoOptions {
  std::uint64_t events = 20'000;
  double rate = 2000;  ///< Events that services commit per second; 0 is as many as they can.
  bool kill = false;   ///< Kill the relay again and again meanwhile.
  bool keep = false;   ///< Stay with everything running after the check.
};

/// The exit code: 0 if what consumers saw is exactly what was committed. With `keep` it calls
/// `stay` with that code after the check.
int run_demo(const DemoOptions& options, const std::function<void(int)>& stay);

}  // namespace outrider::testing
