// The transactional outbox: a service says what happened in the transaction in which it happened.
#pragma once

#include "samples/outbox/database.h"

#include <nlohmann/json.hpp>

#include <string>

namespace outbox {

struct Event {
  std::string aggregatetype;  ///< Chooses the topic: outbox.event.<aggregatetype>.
  std::string aggregateid;    ///< The record's key: events of one aggregate stay in order.
  std::string type;           ///< The header eventType, such as "order.created".
  nlohmann::json payload;
  std::string traceparent =
      {};  ///< Of the request that caused it (W3C Trace Context); may be empty.
};

/// Adds the event to the caller's transaction: both are committed or neither is. Its id is a
/// UUIDv7, by which consumers know repeats.
Result<void> write(Transaction& transaction, const Event& event);

}  // namespace outbox
