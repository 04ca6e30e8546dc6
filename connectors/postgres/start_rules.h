// The rules of starting: which facts allow it, and where to begin. Pure. Used by the Postgres
// source.
#pragma once

#include "connectors/notice.h"
#include "connectors/position.h"
#include "connectors/postgres/catalog.h"
#include "connectors/postgres/options.h"
#include "connectors/postgres/position.h"
#include "relay/base/error.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace outrider::postgres {

/// Who the server is: the answer of IDENTIFY_SYSTEM on the replication connection.
struct SystemIdentity {
  std::uint64_t system_id = 0;
  std::uint32_t timeline = 0;
  Identifier database;
  /// The timelines that led to this one, as TIMELINE_HISTORY tells them; empty on the first,
  /// or if the server has lost the file.
  std::string timeline_history;
};

/// Unavailable while the server is a standby.
Result<void> check_primary(const ServerFacts& facts);

/// Everything that must hold before and while the slot is read, except who holds it. Refused or
/// Misconfigured with the remedy.
Result<void> check_facts(const Options& options, const ServerFacts& facts);

/// The parts of check_facts(), for whoever wants to know all that is wrong.
Result<void> check_wal_level(const ServerFacts& facts);
Result<void> check_slot(const Options& options, const ServerFacts& facts);
std::vector<Error> problems_of_publication(const Options& options, const ServerFacts& facts);

/// Only the part of check_facts() that can break while streaming: slot and coverage.
Result<void> check_coverage(const Options& options, const ServerFacts& facts);

/// Refused if the publication or its tables are not those of `digest` any more: between dropping
/// and adding, rows may have been left out.
Result<void> check_same_publication(const Options& options, const ServerFacts& facts,
                                    std::uint64_t digest);

/// Refused if the slot is of another database than the one we are connected to.
Result<void> check_database(const Options& options, const SystemIdentity& system,
                            const SlotFacts& slot);

/// Unavailable, with who it is, if a walsender other than `own_pid` (0: none) reads the slot.
Result<void> check_not_active(const Options& options, const SlotFacts& slot, std::int64_t own_pid);

/// Refused if the checkpoint is of another cluster, database or slot.
Result<void> check_identity(const Options& options, const SystemIdentity& system,
                            const PostgresPosition& checkpoint);

/// What start is decided from; all of it was read while the lock was held.
struct StartFacts {
  const Options& options;
  const SystemIdentity& system;
  const ServerFacts& server;
  const std::optional<SetupFacts>& setup;
};

/// Refused if the checkpoint, of this cluster, is not in the history of the server as it is now.
Result<void> check_history(const StartFacts& facts, const PostgresPosition& checkpoint);

/// Where the slot begins, as a position of which nothing was seen yet.
Result<PostgresPosition> position_of_slot(const StartFacts& facts);

struct StartDecision {
  PostgresPosition from;
  bool write_checkpoint = false;
  Notices notices = {};
};

/// Compares the sink's checkpoint with the slot. Refused where events are lost or would repeat.
Result<StartDecision> decide_start(const StartFacts& facts, bool keeps_checkpoints,
                                   const std::optional<PostgresPosition>& checkpoint);

/// After START_REPLICATION: the slot as it is now still allows `from`, and it is `own_pid` that
/// reads it. Unavailable if the stream has ended already.
Result<void> check_started(const Options& options, const ServerFacts& facts,
                           const PostgresPosition& from, std::int64_t own_pid);

}  // namespace outrider::postgres
