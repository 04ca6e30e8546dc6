// The warnings that a server sent and nobody has read yet; pure. Used by connections to a server.
#pragma once

#include "relay/base/error.h"

#include <cstddef>
#include <string>
#include <vector>

namespace outrider::postgres {

/// Bounded, however much the server has to say: of ordinary warnings the first ones are kept, and
/// that there were more. Those that may mean skipped rows (kNotInPrerequisiteState, Postgres 18)
/// have room of their own, so that the first of them is never left out. One thread.
class WarningBuffer {
 public:
  /// An error as sql_error() makes it; its kind does not matter.
  void add(Error warning);
  /// Moves out what was added since the last call, in its order.
  std::vector<std::string> take();

 private:
  std::vector<std::string> warnings_;
  std::size_t ordinary_ = 0;
  std::size_t of_skipped_rows_ = 0;
};

}  // namespace outrider::postgres
