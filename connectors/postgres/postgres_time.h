// Times as Postgres sends them: microseconds since 2000-01-01 UTC; used by the codecs of
// connectors/postgres.
#pragma once

#include "relay/base/time.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace outrider::postgres {

/// 2000-01-01 in microseconds since 1970-01-01.
inline constexpr std::int64_t kPostgresEpochMicroseconds = 946'684'800'000'000;

/// No value for "infinity", "-infinity" and the years after 294247 that WallTime cannot hold.
constexpr std::optional<WallTime> wall_time(std::int64_t since_2000) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (since_2000 == Limits::min() || since_2000 > Limits::max() - kPostgresEpochMicroseconds) {
    return std::nullopt;
  }
  return WallTime(std::chrono::microseconds(since_2000 + kPostgresEpochMicroseconds));
}

/// The inverse; times before the year -290000 become the earliest one.
constexpr std::int64_t since_2000(WallTime time) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t since_1970 = time.time_since_epoch().count();
  if (since_1970 < Limits::min() + kPostgresEpochMicroseconds) return Limits::min();
  return since_1970 - kPostgresEpochMicroseconds;
}

}  // namespace outrider::postgres
