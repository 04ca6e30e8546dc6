#include "relay/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace outrider {

void assertion_failed(const char* condition, const char* message, std::source_location where) {
  std::fprintf(stderr, "outrider: bug: %s (%s) at %s:%u in %s\n", message, condition,
               where.file_name(), static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace outrider
