// What a sink takes; made by the mapper, read by sinks.
#pragma once

#include "connectors/event.h"
#include "relay/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace outrider {

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;
};

/// One record for the sink. All views live until Sink::offer() returns; a sink copies what it
/// keeps.
struct Record {
  std::string_view topic;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< Empty optional: a tombstone.
  std::span<const Header> headers;
  /// Where the row says it goes; else the key decides. A sink without partitions ignores it.
  std::optional<std::int32_t> partition;
  WallTime timestamp;
  EventId event;

  /// What the record costs against limits: key, value, header names and values, in bytes.
  std::size_t bytes() const {
    std::size_t sum = (key ? key->size() : 0) + (value ? value->size() : 0);
    for (const Header& header : headers) {
      sum += header.name.size() + (header.value ? header.value->size() : 0);
    }
    return sum;
  }
};

}  // namespace outrider
