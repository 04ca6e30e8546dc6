// One event or record as a line, for people or for scripts; used by `outrider tail`. Pure.
#pragma once

#include "connectors/record.h"
#include "relay/app/command_line.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace outrider::app {

/// Where the record was seen: in the log of a database, or in a topic.
struct Sighting {
  std::string lsn = {};  ///< Of the commit; empty in a topic.
  int partition = 0;
  std::int64_t offset = 0;
  /// From the record's timestamp until it was seen; none if that says nothing.
  std::optional<std::chrono::milliseconds> latency = {};
};

/// With a newline. Text has no control characters but that.
std::string tail_line(const Record& record, const Sighting& sighting, OutputFormat format);

}  // namespace outrider::app
