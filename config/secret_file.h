// Secrets and certificates in files; read by connectors each time they connect, so that they may be
// replaced while the relay runs.
#pragma once

#include "relay/base/error.h"

#include <string>
#include <string_view>

namespace outrider::config {

/// The content. Unavailable, not Misconfigured, if it cannot be read: a file that is being replaced
/// is gone for a moment only. `what` names it: "key file".
Result<std::string> read_replaceable_file(std::string_view what, const std::string& path);

/// The first line of such a file: a password.
Result<std::string> read_secret_file(std::string_view what, const std::string& path);

}  // namespace outrider::config
