// Which librdkafka properties a configuration may set. Pure. Used by the configuration check and
// the librdkafka client.
#pragma once

#include "relay/base/error.h"

#include <string_view>

namespace outrider::kafka {

/// Misconfigured, with the reason, for a property that the promises own or that loads or runs code.
Result<void> check_property(std::string_view name);

/// Misconfigured, with the reason, for a value that must not be given to a property that may be
/// set. The error does not quote it.
Result<void> check_value_for_shell(std::string_view name, std::string_view value);

/// True for properties whose values must not be printed.
bool is_secret_property(std::string_view name);

/// True for properties whose values may be printed: by the form of the name none of the secret
/// ones, also if that is misspelt.
bool is_open_property(std::string_view name);

}  // namespace outrider::kafka
