// Text of unknown origin, made fit for an error message or a log line.
#pragma once

#include <string>
#include <string_view>

namespace outrider {

/// The text with every control character of ASCII replaced by '?': what a row, a file or a server
/// says cannot break a line, end a C string or steer a terminal.
std::string in_one_line(std::string_view text);

}  // namespace outrider
