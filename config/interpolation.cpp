#include "config/interpolation.h"

#include "config/file_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace outrider::config {
namespace {

using Resolved = std::expected<std::string, std::string>;

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto letter_or_digit = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name.front()) && std::ranges::all_of(name, letter_or_digit);
}

Resolved resolve_variable(std::string_view reference, const Surroundings& surroundings) {
  const std::size_t separator = reference.find(":-");
  const std::string name(reference.substr(0, separator));
  if (!is_variable_name(name)) {
    return std::unexpected(fmt::format("\"{}\" is no name of an environment variable", name));
  }
  const std::optional<std::string> value = surroundings.variable(name);
  if (separator != std::string_view::npos && (!value || value->empty())) {
    return std::string(reference.substr(separator + 2));
  }
  if (!value) {
    return std::unexpected(fmt::format(
        "the environment variable {} is not set (a default is written ${{env:{}:-default}})", name,
        name));
  }
  return *value;
}

Resolved resolve_file(std::string_view reference, const Surroundings& surroundings) {
  const std::string path(reference);
  if (!path.starts_with('/')) {
    return std::unexpected(fmt::format("${{file:{}}} needs an absolute path", path));
  }
  Resolved content = surroundings.file(path);
  if (!content) return std::unexpected(fmt::format("the file {}: {}", path, content.error()));
  if (find_not_text(*content))
    return std::unexpected(fmt::format("the file {} is not UTF-8", path));
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  return content;
}

Resolved resolve(std::string_view reference, const Surroundings& surroundings) {
  if (reference.starts_with("env:")) return resolve_variable(reference.substr(4), surroundings);
  if (reference.starts_with("file:")) return resolve_file(reference.substr(5), surroundings);
  return std::unexpected(
      fmt::format("unknown reference ${{{}}} (write ${{env:NAME}} or ${{file:/path}}, or $${{ for "
                  "the text ${{)",
                  reference));
}

}  // namespace

Surroundings process_surroundings() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          .file = read_text_file};
}

Resolved interpolate(std::string_view text, const Surroundings& surroundings) {
  std::string result;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      result += '$';
      text.remove_prefix(2);
    } else if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) return std::unexpected("\"${\" without a closing \"}\"");
      Resolved value = resolve(text.substr(2, end - 2), surroundings);
      if (!value) return value;
      result += *value;
      text.remove_prefix(end + 1);
    } else {
      result += '$';
      text.remove_prefix(1);
    }
  }
  return result;
}

}  // namespace outrider::config
