#include "relay/app/reference_page.h"

#include "config/report.h"

#include <fmt/format.h>

namespace outrider::app {
namespace {

using config::FieldDescription;

constexpr auto kIntroduction =
    "# Reference of the configuration file\n"
    "\n"
    "Every key, made by `outrider config reference` of the tables that the file is read by.\n"
    "[example.yaml](example.yaml) shows them all in one file.\n"
    "\n"
    "In every value `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` are replaced; `$$` "
    "means `$`.\n"
    "Durations are written `500ms`, `10s`, `5m`, `1h`; sizes `512KiB`, `64MiB`, `1GiB`.\n"
    "The value of a secret key never shows, in errors neither; `outrider config print` shows of a "
    "dsn "
    "all but its passwords, and of `librdkafka` what cannot be secret.\n";

bool is_map_of_sections(const FieldDescription& field) { return field.type == "map of section"; }

// A bar would end the cell; a placeholder in angle brackets would pass for HTML.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|')
      safe += "\\|";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else
      safe += c;
  }
  return safe;
}

std::string default_cell(const FieldDescription& field) {
  if (field.required) return "required";
  return field.default_text.empty() ? "" : fmt::format("`{}`", field.default_text);
}

void append_section(std::string& page, const std::string& path,
                    const std::vector<FieldDescription>& fields);

void append_children(std::string& page, const std::string& path,
                     const std::vector<FieldDescription>& fields) {
  for (const FieldDescription& field : fields) {
    if (field.children.empty()) continue;
    std::string here = config::join_path(path, field.name);
    if (is_map_of_sections(field)) here += ".NAME";
    append_section(page, here, field.children);
  }
}

void append_section(std::string& page, const std::string& path,
                    const std::vector<FieldDescription>& fields) {
  page += path.empty() ? "\n## The file\n" : fmt::format("\n## `{}`\n", path);
  page += "\n| key | type | default | |\n|---|---|---|---|\n";
  for (const FieldDescription& field : fields) {
    page += fmt::format("| `{}` | {}{} | {} | {} |\n", field.name, cell(field.type),
                        field.secret ? ", secret" : "", default_cell(field), cell(field.help));
  }
  append_children(page, path, fields);
}

}  // namespace

std::string reference_page(const std::vector<FieldDescription>& fields) {
  std::string page = kIntroduction;
  append_section(page, "", fields);
  return page;
}

}  // namespace outrider::app
