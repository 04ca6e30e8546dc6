#include "config/secret_file.h"

#include "config/file_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outrider::config {

Result<std::string> read_replaceable_file(std::string_view what, const std::string& path) {
  std::expected<std::string, std::string> text = read_text_file(path);
  if (text) return *std::move(text);
  return failure(ErrorKind::Unavailable,
                 fmt::format("read the {} \"{}\": {}", what, path, text.error()),
                 "the file must be there, and readable for the user that outrider runs as");
}

Result<std::string> read_secret_file(std::string_view what, const std::string& path) {
  OUTRIDER_TRY(std::string text, read_replaceable_file(what, path));
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace outrider::config
