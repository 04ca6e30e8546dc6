// Stores any position as {"bytes":"00ff…"}, so that sinks can be asked about all of them. Used by
// the conformance suite of sinks.
#pragma once

#include "connectors/position.h"

#include <string>
#include <string_view>

namespace outrider::conformance {

class HexFormat final : public PositionFormat {
 public:
  std::string to_json(const Position& position) const override;
  Result<Position> from_json(std::string_view json) const override;
  bool is_further(const Position& position, const Position& other) const override;
};

}  // namespace outrider::conformance
