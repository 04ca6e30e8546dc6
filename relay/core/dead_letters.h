// What becomes of an event that the sink cannot take; used by the pipeline.
#pragma once

#include "connectors/event.h"
#include "connectors/record.h"
#include "relay/base/error.h"
#include "relay/core/outbox_options.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider {

enum class BadEventPolicy {
  Halt,        ///< Deliver what lies before its transaction, then rest until an operator acted.
  Skip,        ///< Leave it out, with an error in the log; the rest of its transaction goes on.
  DeadLetter,  ///< Send it to a topic of its own with the reason, in the same ticket.
};

/// The event's commit position and place in its transaction, as in "0/1A2B3C8:4".
std::string to_string(const EventId& event);

/// Makes a record of a row that makes none, or that the sink refused. Key, value, id and type are
/// those of the row as far as they can be read; headers outrider.reason, outrider.event,
/// outrider.xid, outrider.table and outrider.aggregatetype say the rest. One thread.
class DeadLetters {
 public:
  enum class Extent {
    Whole,
    Brief,  ///< Without value and without what is long: header outrider.omitted says so.
  };

  DeadLetters(std::string topic, OutboxOptions options)
      : topic_(std::move(topic)), options_(std::move(options)) {}

  const std::string& topic() const { return topic_; }

  /// The record lives until the next call, its views also no longer than row and error.
  const Record& map(const RowInserted& row, const Event& event, const Error& error, Extent extent);

  /// How the log names the event: `0/1A2B3C8:4 (id "7", xid 745)`, as far as it can be read.
  std::string name(const RowInserted& row, const Event& event) const;

 private:
  void add_value(const RowInserted& row, Extent extent);

  const std::string topic_;
  const OutboxOptions options_;
  std::string event_text_;
  std::string xid_text_;
  std::string table_text_;
  std::string omitted_text_;
  std::vector<Header> headers_;
  Record record_;
};

}  // namespace outrider
