#include "relay/app/config_names.h"

#include "relay/app/listen_address.h"

#include <algorithm>

namespace outrider::app {
namespace {

constexpr std::size_t kPipelineNameMax = 40;
constexpr std::size_t kTopicNameMax = 249;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_slot_character(char c) { return is_lower_or_digit(c) || c == '_'; }

bool is_topic_character(char c) {
  return is_slot_character(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
}

}  // namespace

std::optional<std::string> check_pipeline_name(const std::string& name) {
  const auto legal = [](char c) { return is_slot_character(c) || c == '-'; };
  if (!name.empty() && name.size() <= kPipelineNameMax && std::ranges::all_of(name, legal)) {
    return std::nullopt;
  }
  return "a pipeline's name is 1 to 40 of the characters a-z, 0-9, _ and -";
}

std::optional<std::string> check_listen_address(const std::string& address) {
  if (address.empty()) return std::nullopt;
  const Result<ListenAddress> parsed = parse_listen_address(address);
  if (parsed) return std::nullopt;
  return parsed.error().what + "; " + parsed.error().hint;
}

std::optional<std::string> check_topic_name(const std::string& name) {
  if (!name.empty() && name.size() <= kTopicNameMax && name != "." && name != ".." &&
      !name.starts_with("__") && std::ranges::all_of(name, is_topic_character)) {
    return std::nullopt;
  }
  return "must be a topic's name: 1 to 249 of the characters A-Z, a-z, 0-9, ., _ and -, not "
         "beginning with __";
}

std::string default_slot(std::string_view pipeline) {
  std::string slot = "outrider_";
  for (const char c : pipeline) slot += is_slot_character(c) ? c : '_';
  return slot;
}

std::string default_identity(std::string_view database, std::string_view slot) {
  std::string identity = "outrider.";
  for (const char c : database) identity += is_topic_character(c) ? c : '_';
  return identity.append(".").append(slot);
}

}  // namespace outrider::app
