#include "relay/core/properties_text.h"

#include <charconv>
#include <cstdint>

namespace outrider {
namespace {

constexpr std::string_view kBlank = " \t\f";

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text;
}

/// Takes a line off the front, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end);
  if (text.starts_with("\r\n")) {
    text.remove_prefix(2);
  } else if (!text.empty()) {
    text.remove_prefix(1);
  }
  return line;
}

/// True if the line ends with a backslash that nothing escapes: the next line belongs to it.
bool goes_on(std::string_view line) {
  const std::size_t last = line.find_last_not_of('\\');
  const std::size_t backslashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

void append_utf8(std::uint32_t unit, std::string& out) {
  if (unit < 0x80) {
    out += static_cast<char>(unit);
  } else if (unit < 0x800) {
    out += static_cast<char>(0xC0 | (unit >> 6));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (unit >> 12));
    out += static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  }
}

/// What stands behind a backslash.
void take_escape(std::string_view& text, std::string& out) {
  const char c = text.front();
  text.remove_prefix(1);
  std::uint32_t unit = 0;
  const std::string_view digits = text.substr(0, 4);
  const bool is_unit =
      c == 'u' && digits.size() == 4 &&
      std::from_chars(digits.data(), digits.data() + 4, unit, 16).ptr == digits.data() + 4;
  // Half a character is none.
  if (is_unit && (unit < 0xD800 || unit > 0xDFFF)) {
    append_utf8(unit, out);
    text.remove_prefix(4);
    return;
  }
  static constexpr std::string_view kLetters = "tnrf";
  static constexpr std::string_view kMeanings = "\t\n\r\f";
  const std::size_t letter = kLetters.find(c);
  out += letter == std::string_view::npos ? c : kMeanings[letter];
}

std::string take_until(std::string_view& text, std::string_view ends) {
  std::string taken;
  while (!text.empty() && ends.find(text.front()) == std::string_view::npos) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\' && !text.empty()) {
      take_escape(text, taken);
    } else {
      taken += c;
    }
  }
  return taken;
}

}  // namespace

void read_properties(std::string_view text,
                     std::vector<std::pair<std::string, std::string>>& into) {
  while (!text.empty()) {
    std::string line(without_blanks(take_line(text)));
    if (line.empty() || line.starts_with('#') || line.starts_with('!')) continue;
    while (goes_on(line)) {
      line.pop_back();
      if (text.empty()) break;
      line += without_blanks(take_line(text));
    }
    std::string_view rest = line;
    std::string key = take_until(rest, " \t\f=:");
    rest = without_blanks(rest);
    if (rest.starts_with('=') || rest.starts_with(':')) rest = without_blanks(rest.substr(1));
    into.emplace_back(std::move(key), take_until(rest, {}));
  }
}

}  // namespace outrider
