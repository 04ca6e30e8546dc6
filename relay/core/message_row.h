// A logical message whose content is a JSON object, as if it were a row of an outbox table; pure.
// Used by the pipeline.
#pragma once

#include "connectors/event.h"
#include "relay/base/error.h"
#include "relay/core/outbox_options.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace outrider {

/// The object's members are the columns, by the names that OutboxOptions gives them. A text is the
/// column's text, null and what is missing are NULL, anything else is the JSON exactly as it was
/// written. One thread.
class MessageRows {
 public:
  explicit MessageRows(const OutboxOptions& options);

  /// True for messages that are events.
  bool takes(const LogicalMessage& message) const;

  /// The row, which lives until the next call and as long as the message. BadEvent if the content
  /// is no JSON object.
  Result<RowInserted> read(const LogicalMessage& message);
  /// The row of a message that read() did not take: its content is the payload, all else is NULL.
  RowInserted unread(const LogicalMessage& message);

 private:
  void read_members(std::string_view object);
  void set(std::string_view name, std::string_view json);

  std::string payload_;
  Table table_;
  std::vector<Value> values_;
  std::deque<std::string> texts_;  // Of the values that were escaped.
};

}  // namespace outrider
