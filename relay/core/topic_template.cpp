#include "relay/core/topic_template.h"

#include "relay/base/one_line.h"

#include <algorithm>
#include <utility>

namespace outrider {
namespace {

constexpr std::size_t kTopicBytesMax = 249;

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_topic_text(std::string_view text) { return std::ranges::all_of(text, is_topic_character); }

std::string shown(std::string_view text) { return in_one_line(text.substr(0, kTopicBytesMax)); }

std::string in_braces(const std::string& name) { return "{" + name + "}"; }

}  // namespace

Result<TopicTemplate> TopicTemplate::parse(std::string_view text, TopicNames names) {
  const auto misconfigured = [&](std::string_view problem) {
    return failure(
        ErrorKind::Misconfigured,
        "topic template \"" + std::string(text) + "\" " + std::string(problem),
        "use literal text with {aggregatetype} in it, e.g. outbox.event.{aggregatetype}");
  };
  if (text.empty()) return misconfigured("is empty");
  TopicTemplate result;
  std::string_view rest = text;
  std::size_t literal_bytes = 0;
  std::vector<bool> used(names.placeholders.size());
  for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
    const std::size_t close = rest.find('}', open);
    const std::string_view name = rest.substr(
        open + 1, close == std::string_view::npos ? std::string_view::npos : close - open - 1);
    const auto known = std::ranges::find(names.placeholders, name);
    if (close == std::string_view::npos || known == names.placeholders.end()) {
      return misconfigured("has a character outside [A-Za-z0-9._-] or an unknown placeholder");
    }
    const auto index = static_cast<std::size_t>(known - names.placeholders.begin());
    if (used[index]) return misconfigured("has " + in_braces(*known) + " twice");
    used[index] = true;
    result.parts_.push_back({std::string(rest.substr(0, open)), index});
    literal_bytes += open;
    rest.remove_prefix(close + 1);
  }
  result.end_ = std::string(rest);
  literal_bytes += rest.size();
  const bool is_literal =
      std::ranges::all_of(result.parts_, [](const Part& part) { return is_topic_text(part.text); });
  if (!is_literal || !is_topic_text(result.end_)) {
    return misconfigured("has a character outside [A-Za-z0-9._-] or an unknown placeholder");
  }
  if (!result.parts_.empty() && result.parts_.front().text.empty() &&
      names.allowed_topics.empty()) {
    return misconfigured("needs literal text before " +
                         in_braces(names.placeholders[result.parts_.front().placeholder]) +
                         ", or a list under allow_topics");
  }
  if (text.starts_with("__")) return misconfigured("must not begin with \"__\"");
  if (text == "." || text == "..") return misconfigured("is not a topic name");
  if (literal_bytes > kTopicBytesMax) return misconfigured("is longer than 249 characters");
  result.names_ = std::move(names);
  return result;
}

Result<TopicTemplate> TopicTemplate::of(const OutboxOptions& options) {
  TopicNames names{.allowed_topics = options.allow_topics};
  for (const AdditionalColumn& column : options.additional) {
    if (column.placement != AdditionalColumn::Placement::Topic) continue;
    names.placeholders.push_back(column.alias);
  }
  return parse(options.topic, std::move(names));
}

Result<void> TopicTemplate::expand(std::span<const std::string_view> values,
                                   std::string& topic) const {
  topic.clear();
  for (const Part& part : parts_) {
    const std::string_view value = values[part.placeholder];
    if (value.empty() || !is_topic_text(value)) {
      return failure(ErrorKind::BadEvent,
                     names_.placeholders[part.placeholder] + " \"" + shown(value) +
                         "\" cannot be part of a topic name",
                     "topic names have the characters [A-Za-z0-9._-]");
    }
    topic.append(part.text).append(value);
  }
  topic.append(end_);
  if (topic.size() > kTopicBytesMax) {
    return failure(ErrorKind::BadEvent, "topic name of " + std::to_string(topic.size()) +
                                            " characters, more than Kafka's 249");
  }
  // A short prefix that the row completes.
  if (topic.starts_with("__") || topic == "." || topic == "..") {
    return failure(ErrorKind::BadEvent,
                   "the row would make the topic \"" + topic + "\", which is not for events",
                   "use a topic template that begins with a word");
  }
  const std::vector<std::string>& allowed = names_.allowed_topics;
  if (!allowed.empty() && std::ranges::find(allowed, topic) == allowed.end()) {
    return failure(ErrorKind::BadEvent, "topic \"" + topic + "\" is not allowed",
                   "add it under outbox.allow_topics, then restart");
  }
  return {};
}

bool TopicTemplate::fits(std::string_view topic) const {
  const std::vector<std::string>& allowed = names_.allowed_topics;
  if (!allowed.empty() && std::ranges::find(allowed, topic) == allowed.end()) return false;
  if (parts_.empty()) return topic == end_;
  if (topic.starts_with("__") || !topic.starts_with(parts_.front().text)) return false;
  std::size_t at = parts_.front().text.size();
  // Each placeholder takes at least one character; the first place where the text behind it stands
  // leaves most to the others.
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const std::size_t found = topic.find(parts_[i].text, at + 1);
    if (found == std::string_view::npos) return false;
    at = found + parts_[i].text.size();
  }
  return topic.size() > at + end_.size() && topic.ends_with(end_);
}

}  // namespace outrider
