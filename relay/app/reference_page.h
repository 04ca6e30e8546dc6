// The reference of the configuration file in Markdown, made of the declared field tables; printed
// by `outrider config reference` and kept as config/REFERENCE.md.
#pragma once

#include "config/description.h"

#include <string>
#include <vector>

namespace outrider::app {

/// One table per section, outer sections first, keys in the order of their declaration.
std::string reference_page(const std::vector<config::FieldDescription>& fields);

}  // namespace outrider::app
