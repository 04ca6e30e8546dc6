#include "tests/simulation/environment.h"

#include <fmt/format.h>

namespace outrider::simulation {

void Trace::note(const std::string& who, const std::string& what) {
  if (!keep_) return;
  const std::chrono::duration<double> at = clock_.steady.time_since_epoch();
  lines_.push_back(fmt::format("{:>12.6f} {:<10} {}", at.count(), who, what));
}

}  // namespace outrider::simulation
