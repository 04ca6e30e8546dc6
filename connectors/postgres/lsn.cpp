#include "connectors/postgres/lsn.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace outrider::postgres {
namespace {

std::optional<std::uint32_t> parse_half(std::string_view digits) {
  constexpr std::size_t kDigitsMax = 8;
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  std::uint32_t half = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, half, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return half;
}

}  // namespace

std::string to_string(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn.value >> 32, lsn.value & 0xFFFFFFFFU);
}

Result<Lsn> parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto high = parse_half(text.substr(0, slash));
    const auto low = parse_half(text.substr(slash + 1));
    if (high && low) return Lsn{(std::uint64_t{*high} << 32) | *low};
  }
  constexpr std::size_t kShownMax = 40;
  return failure(ErrorKind::Refused,
                 fmt::format("read a log position: \"{}\" is not of the form 0/16B3748",
                             text.substr(0, kShownMax)));
}

}  // namespace outrider::postgres
