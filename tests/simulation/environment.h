// What every part of a simulated world shares: chance, time, descriptors and the trace; used by all
// of tests/simulation.
#pragma once

#include "connectors/wake.h"
#include "relay/base/time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace outrider::simulation {

/// Chance that a seed decides (SplitMix64): the same on every machine and with every compiler.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E37'79B9'7F4A'7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBU;
    return z ^ (z >> 31U);
  }
  /// 0 to `count` - 1; `count` is not 0.
  std::uint64_t below(std::uint64_t count) { return next() % count; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + below(most - least + 1);
  }
  /// True about once in `times`.
  bool once_in(std::uint64_t times) { return below(times) == 0; }
  Duration between(Duration least, Duration most) {
    const auto span = static_cast<std::uint64_t>((most - least).count());
    return least + Duration(static_cast<Duration::rep>(below(span + 1)));
  }

 private:
  std::uint64_t state_;
};

/// Both clocks; only the driver moves them.
struct Clock {
  TimePoint steady{std::chrono::seconds(1'000)};
  WallTime wall{std::chrono::seconds(1'800'000'000)};

  Now now() const { return {.steady = steady, .wall = wall}; }
  void pass(Duration duration) {
    steady += duration;
    wall += std::chrono::duration_cast<std::chrono::microseconds>(duration);
  }
};

/// Descriptors that are numbers only: who made one says when it is ready.
class Descriptors {
 public:
  /// `is_ready` answers whether one of the wanted conditions is met now.
  using IsReady = std::function<bool(const Wake::Descriptor&)>;

  int add(IsReady is_ready) {
    const int fd = next_++;
    ready_.emplace(fd, std::move(is_ready));
    return fd;
  }
  void remove(int fd) { ready_.erase(fd); }
  /// A descriptor that was removed is ready: poll(2) would say POLLNVAL.
  bool is_ready(const Wake::Descriptor& descriptor) const {
    const auto found = ready_.find(descriptor.fd);
    return found == ready_.end() || found->second(descriptor);
  }

 private:
  int next_ = 1'000;
  std::map<int, IsReady> ready_;
};

/// What happened, line by line with the time; kept only while someone will read it.
class Trace {
 public:
  explicit Trace(const Clock& clock) : clock_(clock) {}

  void keep(bool keep) { keep_ = keep; }
  bool is_kept() const { return keep_; }
  /// `who` is a short name such as "postgres", "kafka", "relay 1".
  void note(const std::string& who, const std::string& what);
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  const Clock& clock_;
  bool keep_ = false;
  std::vector<std::string> lines_;
};

struct Environment {
  explicit Environment(std::uint64_t seed) : random(seed) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Random random;
  Clock clock;
  Descriptors descriptors;
  Trace trace{clock};
};

}  // namespace outrider::simulation
