// YAML text to a tree of nodes: the only place that knows yaml-cpp and its exceptions. Used by
// load.h.
#pragma once

#include "config/node.h"
#include "config/report.h"

#include <optional>
#include <string>

namespace outrider::config {

/// The one document of the text. Bad syntax, a second document, keys that are no text or stand
/// twice in their map are reported; of a key that stands twice the first is kept. No value if there
/// is nothing to go on with. Anchors and aliases are followed, up to a limit.
std::optional<Node> read_yaml(const std::string& text, Report& report);

}  // namespace outrider::config
