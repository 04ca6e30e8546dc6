// Reads timestamps in the ISO form that Postgres prints, and writes them as Debezium does; pure.
// Used by values.cpp.
#pragma once

#include "relay/base/time.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace outrider::postgres {

/// "2024-01-31 12:34:56.789+05:30" with up to six decimals; the zone is optional (then UTC) and may
/// have hours, minutes and seconds. No value for anything else, also for infinity and for years
/// before Christ.
std::optional<WallTime> parse_timestamp(std::string_view text);

/// Room for every time that write_timestamp() writes.
inline constexpr std::size_t kTimestampBytesMax = 32;

/// "2024-01-31T07:04:56.789Z": ISO 8601 in UTC with as many decimals as there are, which is how
/// java.time prints it: years after 9999 have a plus. `time`: of the year 0 or later. The view is
/// of `buffer`.
std::string_view write_timestamp(WallTime time, std::span<char, kTimestampBytesMax> buffer);

}  // namespace outrider::postgres
