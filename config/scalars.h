// Numbers, durations, sizes and truth values as text; used by read_value.h and for printing
// defaults. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace outrider::config {

/// A value, or what was expected ("expected a whole number").
template <typename T>
using Scalar = std::expected<T, std::string>;

/// `true` or `false`, nothing else.
Scalar<bool> parse_bool(std::string_view text);
Scalar<std::int64_t> parse_integer(std::string_view text);
Scalar<double> parse_number(std::string_view text);

/// A whole number with one of the units ms, s, m, h: `500ms`, `10s`. Never negative.
Scalar<std::chrono::milliseconds> parse_duration(std::string_view text);
/// A whole number with one of the units B, KiB, MiB, GiB: `64MiB`; in bytes.
Scalar<std::int64_t> parse_size(std::string_view text);

/// With the largest unit that needs no fraction, as the functions above read it.
std::string print_duration(std::chrono::milliseconds duration);
std::string print_size(std::int64_t bytes);

}  // namespace outrider::config
