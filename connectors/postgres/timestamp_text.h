// Reads timestamps in the ISO form that Postgres prints; pure. Used by values.cpp.
#pragma once

#include "relay/base/time.h"

#include <optional>
#include <string_view>

namespace outrider::postgres {

/// "2024-01-31 12:34:56.789+05:30" with up to six decimals; the zone is optional (then UTC) and may
/// have hours, minutes and seconds. No value for anything else, also for infinity and for years
/// before Christ.
std::optional<WallTime> parse_timestamp(std::string_view text);

}  // namespace outrider::postgres
