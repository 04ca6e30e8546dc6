// ./dev demo: services, real servers, the relay between them, and the proof. Used by the lab's
// main.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace outrider::testing {

struct DemoOptions {
  std::string load = "services";  ///< Or sql: see scene.h.
  std::uint64_t events = kServicesEvents;
  double rate = kServicesRate;  ///< Events that are committed per second; 0: as many as possible.
  bool kill = false;            ///< Kill the relay again and again meanwhile.
  bool keep = false;            ///< Stay with everything running after the check.

  // What fits a small machine, and takes less than half a minute.
  static constexpr std::uint64_t kServicesEvents = 6'000;
  static constexpr double kServicesRate = 300;
  static constexpr std::uint64_t kSqlEvents = 20'000;
  static constexpr double kSqlRate = 2'000;
};

/// The exit code: 0 if what consumers saw is exactly what was committed. With `keep` it calls
/// `stay` with that code after the check.
int run_demo(const DemoOptions& options, const std::function<void(int)>& stay);

}  // namespace outrider::testing
