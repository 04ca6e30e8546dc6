// Things that happen later, in the order of their time; used by the simulated cluster.
#pragma once

#include "relay/base/time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace outrider::simulation {

/// Equal times keep the order in which they were set.
class Timers {
 public:
  void at(TimePoint time, std::function<void()> act) {
    acts_.emplace(std::pair(time, next_++), std::move(act));
  }
  /// TimePoint::max() if nothing is to come.
  TimePoint next() const { return acts_.empty() ? TimePoint::max() : acts_.begin()->first.first; }
  /// Runs what is due; acts may set further ones.
  void run(TimePoint now) {
    while (!acts_.empty() && acts_.begin()->first.first <= now) {
      const std::function<void()> act = std::move(acts_.begin()->second);
      acts_.erase(acts_.begin());
      act();
    }
  }

 private:
  std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> acts_;
  std::uint64_t next_ = 0;
};

}  // namespace outrider::simulation
