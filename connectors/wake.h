// What a connector waits for, so that the runner can sleep in poll(2); used by connectors, pipeline
// and runner.
#pragma once

#include "relay/base/assert.h"
#include "relay/base/time.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace outrider {

/// A set of file descriptors and the latest time to wake up. A value; at most kDescriptorsMax.
class Wake {
 public:
  static constexpr std::size_t kDescriptorsMax = 8;

  struct Descriptor {
    int fd = -1;
    bool read = false;
    bool write = false;
  };

  void watch(Descriptor descriptor) {
    OUTRIDER_ASSERT(count_ < kDescriptorsMax, "too many descriptors in one Wake");
    descriptors_[count_++] = descriptor;
  }
  /// Wake at `at` or before.
  void by(TimePoint at) { at_ = std::min(at_, at); }

  void merge(const Wake& other) {
    for (const Descriptor& descriptor : other.descriptors()) watch(descriptor);
    by(other.at_);
  }

  std::span<const Descriptor> descriptors() const { return {descriptors_.data(), count_}; }
  /// TimePoint::max() if there is no time limit.
  TimePoint at() const { return at_; }

 private:
  std::array<Descriptor, kDescriptorsMax> descriptors_;
  std::size_t count_ = 0;
  TimePoint at_ = TimePoint::max();
};

}  // namespace outrider
