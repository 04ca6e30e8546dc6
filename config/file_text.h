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

/// The place of the first byte that is not UTF-8 or is zero, if there is one. Zero bytes are no
/// text: C strings end there, and yaml-cpp takes them for a sign of UTF-16 or UTF-32.
std::optional<Place> find_not_text(std::string_view text);

}  // namespace outrider::config
