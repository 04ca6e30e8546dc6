// The topic of a row from a template; used by the mapper and by the configuration check.
#pragma once

#include "relay/base/error.h"

#include <string>
#include <string_view>

namespace outrider {

/// `outbox.event.{aggregatetype}`: literal text with exactly one placeholder and a literal prefix,
/// so that a row cannot name an arbitrary topic. Or literal text alone. Immutable.
class TopicTemplate {
 public:
  /// Misconfigured if the template is not of that form.
  static Result<TopicTemplate> parse(std::string_view text);

  /// Writes the topic into `topic` (its capacity is reused). BadEvent if the result is no legal
  /// Kafka topic name (1 to 249 of [A-Za-z0-9._-], not "." or "..") or begins with "__", as the
  /// broker's own topics do.
  Result<void> expand(std::string_view aggregatetype, std::string& topic) const;

 private:
  std::string prefix_;
  std::string suffix_;
  bool has_placeholder_ = false;
};

}  // namespace outrider
