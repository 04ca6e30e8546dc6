#include "config/file_text.h"

#include "relay/base/utf8.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace outrider::config {
std::expected<std::string, std::string> read_text_file(const std::string& path) {
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(path, code);
  if (status.type() == std::filesystem::file_type::not_found) {
    return std::unexpected("no such file");
  }
  if (code) return std::unexpected("cannot be read: " + code.message());
  if (status.type() == std::filesystem::file_type::directory) {
    return std::unexpected("is a directory, not a file");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::unexpected("cannot be read: " + std::generic_category().message(errno));
  }
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::unexpected("cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) return std::unexpected("is larger than 1 MiB");
  return text;
}

std::optional<Place> find_not_text(std::string_view text) {
  Place place{1, 1};
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || text.front() == '\0') return place;
    place = text.front() == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

}  // namespace outrider::config
