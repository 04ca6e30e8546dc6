// Medians and percentiles of what was measured; used by the lab.
#pragma once

#include <vector>

namespace outrider::testing {

/// The smallest value that at least `percent` % of all are not above (nearest rank); 0 of none.
double percentile(std::vector<double> values, double percent);

inline double median(const std::vector<double>& values) { return percentile(values, 50); }

}  // namespace outrider::testing
