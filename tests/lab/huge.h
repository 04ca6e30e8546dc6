// ./dev bench huge: one transaction larger than any memory limit. Used by the lab's main.
#pragma once

#include <cstdint>

namespace outrider::testing {

struct HugeOptions {
  std::uint64_t rows = 5'000'000;
};

/// The relay is killed with kill -9 half way through the transaction and goes on. The exit code: 1
/// if a row was lost, repeated or reordered.
int run_huge(const HugeOptions& options);

}  // namespace outrider::testing
