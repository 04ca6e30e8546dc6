#include "config/secret_file.h"

#include "config/file_text.h"

#include <fmt/format.h>

#include <utility>

namespace outrider::config {

Result<std::string> read_secret_file(std::string_view what, const std::string& path) {
  std::expected<std::string, std::string> text = read_text_file(path);
  if (!text) {
    return failure(ErrorKind::Unavailable,
                   fmt::format("read the {} \"{}\": {}", what, path, text.error()),
                   "the file must be there, and the relay's user must be able to read it");
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return *std::move(text);
}

}  // namespace outrider::config
