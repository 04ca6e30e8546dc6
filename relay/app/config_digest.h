// A short name for a configuration as it counts, to compare relays by; used by the run command.
#pragma once

#include "relay/app/pipeline_config.h"

#include <string>

namespace outrider::app {

/// SHA-256, in hexadecimal, of every key with its value, defaults and environment filled in. What
/// `config print` conceals is not part of it, so that nobody can try passwords against it. Only
/// relays of the same version can be compared: another may have other keys.
std::string config_digest(const Config& config);

}  // namespace outrider::app
