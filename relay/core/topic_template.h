// The topic of a row from a template; used by the mapper.
#pragma once

#include "relay/base/error.h"
#include "relay/core/outbox_options.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outrider {

struct TopicNames {
  std::vector<std::string> placeholders = {"aggregatetype"};
  std::vector<std::string> allowed_topics = {};  ///< Empty: all that the template makes.
};

/// `outbox.event.{aggregatetype}`: literal text with placeholders, each at most once. So that a row
/// cannot name an arbitrary topic, it begins with literal text, or all topics are listed. Or
/// literal text alone. Immutable.
class TopicTemplate {
 public:
  /// Misconfigured if the template is not of that form.
  static Result<TopicTemplate> parse(std::string_view text, TopicNames names = {});
  /// That of a pipeline: additional columns may fill placeholders too, in their order.
  static Result<TopicTemplate> of(const OutboxOptions& options);

  /// Writes the topic into `topic` (its capacity is reused); one value per placeholder of
  /// TopicNames. BadEvent if the result is no legal Kafka topic name (1 to 249 of [A-Za-z0-9._-],
  /// not "." or
  /// ".."), begins with "__", as the broker's own topics do, or is not among the allowed.
  Result<void> expand(std::span<const std::string_view> values, std::string& topic) const;

  /// True if some row could go to that topic.
  bool fits(std::string_view topic) const;

 private:
  /// Literal text and the placeholder behind it.
  struct Part {
    std::string text;
    std::size_t placeholder = 0;
  };

  TopicNames names_;
  std::vector<Part> parts_;
  std::string end_;
};

}  // namespace outrider
