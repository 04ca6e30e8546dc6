// Text as a JSON string, byte for byte as Kafka Connect's JsonConverter writes it; pure. Used by
// the mapper.
#pragma once

#include <string>
#include <string_view>

namespace outrider {

/// Appends the UTF-8 text in quotes. Escaped as Jackson escapes by default: \b \t \n \f \r and the
/// other control characters as \u00XX in upper case, quote and backslash, and characters beyond
/// U+FFFF as two surrogates; nothing else.
void append_json_string(std::string_view text, std::string& out);

}  // namespace outrider
