// How long to wait before trying again; used by the pipeline.
#pragma once

#include "relay/base/time.h"

#include <cstdint>
#include <random>

namespace outrider {

/// Exponential back-off with jitter. Pure: the seed decides the jitter. One thread.
class Backoff {
 public:
  struct Options {
    Duration first = std::chrono::milliseconds(100);
    Duration most = std::chrono::seconds(5);
  };

  Backoff(Options options, std::uint64_t seed) : options_(options), random_(seed) {}

  /// The next waiting time: between half and all of first × 2^failures, never above `most`.
  Duration next();

  /// Call after progress: the next failure starts small again.
  void reset() { failures_ = 0; }

  /// How often next() was called since the last reset().
  int failures() const { return failures_; }

 private:
  Options options_;
  std::minstd_rand random_;
  int failures_ = 0;
};

}  // namespace outrider
