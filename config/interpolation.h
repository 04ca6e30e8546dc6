// `${env:NAME}` and `${file:/path}` inside scalars; used by reader.h after the file was parsed, so
// that a value can never add keys.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::config {

/// What a configuration may ask of the world around it; tests bring their own.
struct Surroundings {
  /// The value of an environment variable, if it is set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// The content of a file, or what hindered.
  std::function<std::expected<std::string, std::string>(const std::string& path)> file;
};

/// The process's own environment and files.
Surroundings process_surroundings();

/// Replaces `${env:NAME}`, `${env:NAME:-default}` (the default counts if the variable is unset or
/// empty) and `${file:/path}` (without the last line's end); `$$` becomes `$`, a `$` before
/// anything else stays. What came in is not looked at again. The error says what is wrong, without
/// any value.
std::expected<std::string, std::string> interpolate(std::string_view text,
                                                    const Surroundings& surroundings);

}  // namespace outrider::config
