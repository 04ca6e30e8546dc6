// What is UTF-8 (RFC 3629, section 4) and what is not; pure. Used where bytes of unknown origin
// must be text.
#pragma once

#include <cstddef>
#include <string_view>

namespace outrider {

/// The length of the sequence that begins the text, 1 to 4 bytes; 0 if it is none: overlong, a
/// surrogate, beyond U+10FFFF, cut off, or no text at all.
std::size_t utf8_length(std::string_view text);

/// True if the whole text is made of such sequences; a zero byte is one.
bool is_utf8(std::string_view text);

}  // namespace outrider
