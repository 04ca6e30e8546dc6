#include "relay/core/json_string.h"

#include <cstdint>

namespace outrider {
namespace {

void append_escape(std::uint32_t unit, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(unit >> shift) & 0xF];
}

/// Of a sequence of four bytes that is UTF-8.
void append_surrogates(std::string_view sequence, std::string& out) {
  std::uint32_t code = static_cast<std::uint8_t>(sequence[0]) & 0x07U;
  for (const char c : sequence.substr(1))
    code = (code << 6) | (static_cast<std::uint8_t>(c) & 0x3FU);
  code -= 0x10000;
  append_escape(0xD800 + (code >> 10), out);
  append_escape(0xDC00 + (code & 0x3FF), out);
}

void append_ascii(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      if (c >= 0 && c < ' ') {
        append_escape(static_cast<std::uint32_t>(c), out);
      } else {
        out += c;
      }
  }
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<std::uint8_t>(text[i]) >= 0xF0 && i + 4 <= text.size()) {
      append_surrogates(text.substr(i, 4), out);
      i += 3;
    } else {
      append_ascii(text[i], out);
    }
  }
  out += '"';
}

}  // namespace outrider
