#include "tests/conformance/runner.h"

#include <poll.h>

#include <algorithm>
#include <array>

namespace outrider::conformance {
namespace {

struct PollSet {
  std::array<pollfd, Wake::kDescriptorsMax> entries{};
  nfds_t count = 0;
};

PollSet poll_set(const Wake& wake) {
  PollSet set;
  for (const Wake::Descriptor& descriptor : wake.descriptors()) {
    const int events = (descriptor.read ? POLLIN : 0) | (descriptor.write ? POLLOUT : 0);
    set.entries[set.count++] = {
        .fd = descriptor.fd, .events = static_cast<short>(events), .revents = 0};
  }
  return set;
}

/// True if a descriptor became ready before `until`.
bool poll_until(const Wake& wake, TimePoint until) {
  PollSet set = poll_set(wake);
  const TimePoint now = std::chrono::steady_clock::now();
  const Duration left = until > now ? until - now : Duration::zero();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{.tv_sec = seconds.count(),
                         .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
  return ppoll(set.entries.data(), set.count, &timeout, nullptr) > 0;
}

}  // namespace

Now read_clocks() {
  return {.steady = std::chrono::steady_clock::now(),
          .wall = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())};
}

bool is_ready(const Wake& wake) { return poll_until(wake, TimePoint::min()); }

bool can_wake(const Wake& wake) {
  return !wake.descriptors().empty() || wake.at() != TimePoint::max();
}

void sleep(const Wake& wake, TimePoint deadline, const std::string& what) {
  if (!can_wake(wake)) {
    throw std::runtime_error("still waiting until " + what + ", but nothing will ever wake us");
  }
  const bool woken = poll_until(wake, std::min(wake.at(), deadline));
  if (!woken && std::chrono::steady_clock::now() >= deadline) {
    throw std::runtime_error("gave up waiting until " + what);
  }
}

void run_until(const std::string& what, Duration patience, const std::function<bool()>& turn,
               const std::function<Wake()>& wake) {
  const TimePoint deadline = std::chrono::steady_clock::now() + patience;
  while (!turn()) sleep(wake(), deadline, what);
}

int count_wakes(Duration time, const std::function<void()>& turn,
                const std::function<Wake()>& wake) {
  const TimePoint end = std::chrono::steady_clock::now() + time;
  int wakes = 0;
  for (; std::chrono::steady_clock::now() < end; ++wakes) {
    turn();
    poll_until(wake(), std::min(wake().at(), end));
  }
  return wakes;
}

}  // namespace outrider::conformance
