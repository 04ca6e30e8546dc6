#include "config/scalars.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace outrider::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// From large to small.
constexpr std::array<Unit, 4> kDurations = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes = {
    {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};

// Far above anything sensible, far below what overflows when it is added to a time.
constexpr std::int64_t kDurationMost = 87'600LL * 3'600'000;

constexpr std::string_view kDurationExpected = "expected a duration such as 500ms, 10s, 5m or 1h";
constexpr std::string_view kSizeExpected = "expected a size such as 512KiB, 64MiB or 1GiB";

Scalar<std::int64_t> parse_with_unit(std::string_view text, const std::array<Unit, 4>& units,
                                     std::string_view expected) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0) return std::unexpected(std::string(expected));
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) break;
    return number * unit.factor;
  }
  return std::unexpected(std::string(expected));
}

std::string print_with_unit(std::int64_t number, const std::array<Unit, 4>& units) {
  for (const Unit& unit : units) {
    if (number != 0 && number % unit.factor == 0) {
      return fmt::format("{}{}", number / unit.factor, unit.name);
    }
  }
  return fmt::format("0{}", units.back().name);
}

}  // namespace

Scalar<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::unexpected("expected true or false");
}

Scalar<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::unexpected("expected a whole number");
  return number;
}

Scalar<double> parse_number(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || !std::isfinite(number)) {
    return std::unexpected("expected a number");
  }
  return number;
}

Scalar<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const Scalar<std::int64_t> parsed = parse_with_unit(text, kDurations, kDurationExpected);
  if (!parsed) return std::unexpected(parsed.error());
  if (*parsed > kDurationMost) return std::unexpected("expected a duration of at most 87600h");
  return std::chrono::milliseconds(*parsed);
}

Scalar<std::int64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizes, kSizeExpected);
}

std::string print_duration(std::chrono::milliseconds duration) {
  return print_with_unit(duration.count(), kDurations);
}

std::string print_size(std::int64_t bytes) { return print_with_unit(bytes, kSizes); }

}  // namespace outrider::config
