// When a consumer had each event; used by demo and benchmarks.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace outrider::testing {

/// Any thread may note and ask.
class Arrivals {
 public:
  using Times = std::unordered_map<std::string, std::chrono::system_clock::time_point>;

  /// The event with this id is here now; the first time counts.
  void note(const std::string& id) {
    const auto now = std::chrono::system_clock::now();
    const std::scoped_lock lock(mutex_);
    times_.emplace(id, now);
  }
  std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return times_.size();
  }
  Times times() const {
    const std::scoped_lock lock(mutex_);
    return times_;
  }

 private:
  mutable std::mutex mutex_;
  Times times_;
};

}  // namespace outrider::testing
