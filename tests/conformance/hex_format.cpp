#include "tests/conformance/hex_format.h"

#include <charconv>
#include <cstddef>
#include <vector>

namespace outrider::conformance {
namespace {

constexpr std::string_view kStart = "{\"bytes\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string HexFormat::to_json(const Position& position) const {
  std::string json(kStart);
  for (const std::byte byte : position.bytes()) {
    json += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    json += kDigits[std::to_integer<unsigned>(byte) & 0xFU];
  }
  return json.append(kEnd);
}

Result<Position> HexFormat::from_json(std::string_view json) const {
  const auto refused = [&] {
    return failure(ErrorKind::Refused, "read a position from " + std::string(json));
  };
  if (!json.starts_with(kStart) || !json.ends_with(kEnd)) return refused();
  json.remove_prefix(kStart.size());
  json.remove_suffix(kEnd.size());
  if (json.size() % 2 != 0 || json.size() > 2 * Position::kBytesMax) return refused();
  std::vector<std::byte> bytes;
  for (; !json.empty(); json.remove_prefix(2)) {
    unsigned byte = 0;
    if (std::from_chars(json.data(), json.data() + 2, byte, 16).ptr != json.data() + 2) {
      return refused();
    }
    bytes.push_back(static_cast<std::byte>(byte));
  }
  return Position(bytes);
}

// Any bytes: they have no order, so the newest counts.
bool HexFormat::is_further(const Position&, const Position&) const { return false; }

}  // namespace outrider::conformance
