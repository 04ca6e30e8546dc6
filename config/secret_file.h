// A secret that stands alone in a file; read by connectors each time they connect, so that it may
// be replaced while the relay runs.
#pragma once

#include "relay/base/error.h"

#include <string>
#include <string_view>

namespace outrider::config {

/// The content without the end of its last line. Unavailable, not Misconfigured, if it cannot be
/// read: a secret that is being replaced is gone for a moment only. `what` names it: "password
/// file".
Result<std::string> read_secret_file(std::string_view what, const std::string& path);

}  // namespace outrider::config
