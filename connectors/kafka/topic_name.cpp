#include "connectors/kafka/topic_name.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace outrider::kafka {
namespace {

constexpr std::size_t kNameBytesMax = 249;

bool is_allowed(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
  if (!name.empty() && name.size() <= kNameBytesMax && name != "." && name != ".." &&
      std::ranges::all_of(name, is_allowed)) {
    return {};
  }
  return failure(ErrorKind::BadEvent,
                 "\"" + std::string(name.substr(0, kNameBytesMax)) + "\" is no topic name",
                 "a topic has 1 to 249 letters, digits, '.', '_' or '-': mend what the event's "
                 "topic is made of");
}

}  // namespace outrider::kafka
