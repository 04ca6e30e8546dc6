// A place in the write-ahead log of Postgres; used throughout connectors/postgres.
#pragma once

#include "relay/base/error.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace outrider::postgres {

/// A log sequence number: bytes since the log of the cluster began. 0 means "none". Numbers of two
/// timelines cannot be compared.
struct Lsn {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Lsn&) const = default;
};

/// As Postgres writes it: "0/16B3748".
std::string to_string(Lsn lsn);

/// Reads what Postgres writes: two hexadecimal numbers of one to eight digits around a slash, in
/// either case. Refused if it is anything else.
Result<Lsn> parse_lsn(std::string_view text);

}  // namespace outrider::postgres
