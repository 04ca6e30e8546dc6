#include "connectors/memory/position.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstring>

namespace outrider::memory {

Position MemoryPosition::pack() const {
  std::array<std::byte, sizeof(MemoryPosition)> bytes{};
  std::memcpy(bytes.data(), this, sizeof(MemoryPosition));
  return Position(bytes);
}

Result<MemoryPosition> MemoryPosition::unpack(const Position& position) {
  MemoryPosition unpacked;
  if (position.bytes().size() != sizeof(unpacked)) {
    return failure(ErrorKind::Refused, "the position is not of a memory source");
  }
  std::memcpy(&unpacked, position.bytes().data(), sizeof(unpacked));
  return unpacked;
}

std::string MemoryPositionFormat::to_json(const Position& position) const {
  const Result<MemoryPosition> unpacked = MemoryPosition::unpack(position);
  OUTRIDER_ASSERT(unpacked.has_value(), "only its own source's positions are formatted");
  return nlohmann::ordered_json{{"transactions_done", unpacked->transactions_done},
                                {"events_done", unpacked->events_done}}
      .dump();
}

Result<Position> MemoryPositionFormat::from_json(std::string_view json) const {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  const auto number = [&parsed](const char* key) {
    return parsed.is_object() && parsed.contains(key) && parsed[key].is_number_unsigned();
  };
  if (!number("transactions_done") || !number("events_done")) {
    return failure(ErrorKind::Refused, "read a position: it is not of a memory source");
  }
  return MemoryPosition{.transactions_done = parsed["transactions_done"],
                        .events_done = parsed["events_done"]}
      .pack();
}

bool MemoryPositionFormat::is_further(const Position& position, const Position& other) const {
  const Result<MemoryPosition> here = MemoryPosition::unpack(position);
  const Result<MemoryPosition> there = MemoryPosition::unpack(other);
  return here && there && *here > *there;
}

}  // namespace outrider::memory
