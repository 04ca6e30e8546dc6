// Waiting as a runner does: in poll(2), for nothing but what a connector names in its Wake. A lost
// wake-up therefore shows as a test that gives up. Used by the conformance drivers.
#pragma once

#include "connectors/wake.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace outrider::conformance {

/// Shorter than the 10 s after which connectors look at their servers of their own accord, which
/// would hide a lost wake-up.
inline constexpr Duration kPatience = std::chrono::seconds(9);
/// For what follows on the loss of a server.
inline constexpr Duration kOutagePatience = std::chrono::seconds(60);

/// A connector returned an error where the contract promises none.
struct Failed : std::runtime_error {
  explicit Failed(Error failed)
      : std::runtime_error(std::string(to_string(failed.kind)) + ": " + failed.what),
        error(std::move(failed)) {}
  Error error;
};

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw Failed(std::move(result).error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Now read_clocks();

/// True if one of the descriptors is ready now.
bool is_ready(const Wake& wake);

/// True if there is anything that could end a sleep.
bool can_wake(const Wake& wake);

/// Sleeps until the wake says so. Throws at the deadline, or if nothing could ever wake it; `what`
/// is what was waited for.
void sleep(const Wake& wake, TimePoint deadline, const std::string& what);

/// Calls `turn` until it returns true, and sleeps in between.
void run_until(const std::string& what, Duration patience, const std::function<bool()>& turn,
               const std::function<Wake()>& wake);

/// Calls `turn` and sleeps as the wake says, for so long; how often it was woken. The time itself
/// is what is measured.
int count_wakes(Duration time, const std::function<void()>& turn,
                const std::function<Wake()>& wake);

}  // namespace outrider::conformance
