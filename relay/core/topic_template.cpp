#include "relay/core/topic_template.h"

#include "relay/base/one_line.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr std::string_view kPlaceholder = "{aggregatetype}";
constexpr std::size_t kTopicBytesMax = 249;

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_topic_text(std::string_view text) { return std::ranges::all_of(text, is_topic_character); }

std::string shown(std::string_view text) { return in_one_line(text.substr(0, kTopicBytesMax)); }

}  // namespace

Result<TopicTemplate> TopicTemplate::parse(std::string_view text) {
  const auto misconfigured = [&](std::string_view problem) {
    return failure(
        ErrorKind::Misconfigured,
        "topic template \"" + std::string(text) + "\" " + std::string(problem),
        "use literal text with {aggregatetype} in it, e.g. outbox.event.{aggregatetype}");
  };
  TopicTemplate result;
  const std::size_t at = text.find(kPlaceholder);
  result.has_placeholder_ = at != std::string_view::npos;
  result.prefix_ = std::string(text.substr(0, at));
  if (result.has_placeholder_) {
    result.suffix_ = std::string(text.substr(at + kPlaceholder.size()));
    if (result.prefix_.empty()) return misconfigured("needs literal text before {aggregatetype}");
  }
  if (text.empty()) return misconfigured("is empty");
  if (!is_topic_text(result.prefix_) || !is_topic_text(result.suffix_)) {
    return misconfigured("has a character outside [A-Za-z0-9._-] or an unknown placeholder");
  }
  if (result.prefix_.starts_with("__")) return misconfigured("must not begin with \"__\"");
  if (!result.has_placeholder_ && (text == "." || text == "..")) {
    return misconfigured("is not a topic name");
  }
  if (result.prefix_.size() + result.suffix_.size() > kTopicBytesMax) {
    return misconfigured("is longer than 249 characters");
  }
  return result;
}

Result<void> TopicTemplate::expand(std::string_view aggregatetype, std::string& topic) const {
  topic.assign(prefix_);
  if (!has_placeholder_) return {};
  if (aggregatetype.empty() || !is_topic_text(aggregatetype)) {
    return failure(ErrorKind::BadEvent,
                   "aggregatetype \"" + shown(aggregatetype) + "\" cannot be part of a topic name",
                   "topic names have the characters [A-Za-z0-9._-]");
  }
  topic.append(aggregatetype).append(suffix_);
  if (topic.size() > kTopicBytesMax) {
    return failure(ErrorKind::BadEvent, "topic name of " + std::to_string(topic.size()) +
                                            " characters, more than Kafka's 249");
  }
  // A short prefix that the row completes.
  if (topic.starts_with("__") || topic == "..") {
    return failure(ErrorKind::BadEvent,
                   "aggregatetype \"" + shown(aggregatetype) + "\" would make the topic \"" +
                       topic + "\", which is not for events",
                   "use a topic template that begins with a word");
  }
  return {};
}

}  // namespace outrider
