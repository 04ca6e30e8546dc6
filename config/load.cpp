#include "config/load.h"

#include "config/file_text.h"
#include "config/yaml_document.h"

#include <expected>

namespace outrider::config {

std::optional<Node> read_document_file(const std::string& path, Report& report) {
  const std::expected<std::string, std::string> text = read_text_file(path);
  if (!text) {
    report.add({}, "", text.error());
    return std::nullopt;
  }
  return read_document(*text, report);
}

std::optional<Node> read_document(const std::string& text, Report& report) {
  if (const std::optional<Place> place = find_not_text(text)) {
    report.add(*place, "", "is not UTF-8 text");
    return std::nullopt;
  }
  return read_yaml(text, report);
}

}  // namespace outrider::config
