#include "relay/base/one_line.h"

#include <algorithm>

namespace outrider {

std::string in_one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c == 0x7F; }, '?');
  return line;
}

}  // namespace outrider
