// Reads a text file with limits and clear errors; used by load.h and by the interpolation.
#pragma once

#include "config/node.h"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::config {

inline constexpr std::size_t kFileBytesMax = 1024 * 1024;

/// The content of a regular file of at most kFileBytesMax bytes, or what hindered: "no such file",
/// "is a directory", …
std::expected<std::string, std::string> read_text_file(const std::string& path);

/// The place of the first byte that is not UTF-8, if there is one.
std::optional<Place> find_not_utf8(std::string_view text);

}  // namespace outrider::config
