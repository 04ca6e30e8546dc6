// What `outrider checkpoint show` says, as text and as JSON. Pure.
#pragma once

#include "connectors/position.h"
#include "connectors/postgres/start_rules.h"
#include "connectors/source.h"
#include "relay/base/error.h"

#include <optional>
#include <string>

namespace outrider::app {

struct CheckpointReport {
  std::string pipeline;
  std::string identity;
  /// Without a wal_level: Postgres could not be asked.
  postgres::StartFacts facts;
  std::optional<Checkpoint> checkpoint;
  /// What a relay would do now; a relay that is active or servers that are away give Unavailable.
  Result<Source::Plan> start;
};

std::string to_text(const CheckpointReport& report);
/// {"pipeline":…,"identity":…,"checkpoint":{…}|null,"slot":{…}|null,"server":{…}|null,"start":{…}}
std::string to_json(const CheckpointReport& report, const PositionFormat& format);

}  // namespace outrider::app
