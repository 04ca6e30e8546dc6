#include "relay/base/backoff.h"

#include <algorithm>

namespace outrider {

Duration Backoff::next() {
  constexpr int kDoublingsMax = 20;
  const int doublings = std::min(failures_, kDoublingsMax);
  ++failures_;
  const Duration whole = std::min(options_.most, options_.first * (std::int64_t{1} << doublings));
  std::uniform_int_distribution<Duration::rep> jitter(whole.count() / 2, whole.count());
  return Duration(jitter(random_));
}

}  // namespace outrider
