// What an operator may make of a checkpoint, and what that costs. Pure. Used by `outrider
// checkpoint`.
#pragma once

#include "connectors/postgres/lsn.h"
#include "connectors/postgres/position.h"
#include "connectors/postgres/start_rules.h"
#include "relay/base/error.h"

#include <optional>
#include <string>
#include <vector>

namespace outrider::postgres {

/// A new checkpoint, and what follows from it.
struct Repair {
  /// No value: the checkpoint is good as it is, `consequences` says why.
  std::optional<PostgresPosition> to;
  std::vector<std::string> consequences;  ///< One sentence each.
  /// The slot begins before `to` and has to be advanced, so that nothing in between is decoded.
  bool advances_slot = false;
};

/// What is lost is given up: to where the slot begins, or past the time in which the publication
/// was missing. Refused where something else than a gap is wrong.
Result<Repair> accept_gap(const StartFacts& facts,
                          const std::optional<PostgresPosition>& checkpoint);

/// Takes the slot over as it is, after a failover or restore: the checkpoint of another cluster or
/// another history is replaced. Refused for that of another database or slot, and for a gap.
Result<Repair> adopt(const StartFacts& facts, const std::optional<PostgresPosition>& checkpoint);

/// To any place that the slot still holds; no value: to the end of the log.
Result<Repair> set_position(const StartFacts& facts,
                            const std::optional<PostgresPosition>& checkpoint,
                            std::optional<Lsn> to);

}  // namespace outrider::postgres
