// The programs that the lab starts, and the packages that hold them; used by main.
#pragma once

namespace outrider::testing {

/// Throws std::runtime_error that names every missing program with its package.
void require_tools();

}  // namespace outrider::testing
