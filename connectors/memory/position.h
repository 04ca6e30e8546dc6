// Where to resume a script; used by the memory source and by tests.
#pragma once

#include "connectors/position.h"
#include "relay/base/error.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace outrider::memory {

/// How many transactions are done, and how many events of the next one.
struct MemoryPosition {
  std::uint64_t transactions_done = 0;
  std::uint64_t events_done = 0;
  auto operator<=>(const MemoryPosition&) const = default;

  Position pack() const;
  /// Refused if another source made it.
  static Result<MemoryPosition> unpack(const Position& position);
};

/// {"transactions_done":3,"events_done":0}
class MemoryPositionFormat final : public PositionFormat {
 public:
  std::string to_json(const Position& position) const override;
  Result<Position> from_json(std::string_view json) const override;
  bool is_further(const Position& position, const Position& other) const override;
};

}  // namespace outrider::memory
