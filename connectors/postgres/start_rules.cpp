#include "connectors/postgres/start_rules.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>

namespace outrider::postgres {
namespace {

std::string slot_named(const Options& options) { return "slot \"" + options.slot + "\""; }

const std::string kAcceptGap =
    "`outrider checkpoint accept-gap` says what is given up, and with --yes goes on without it";
const std::string kAdopt =
    "`outrider checkpoint adopt` says what may repeat or be missing, and with --yes goes on from "
    "the slot's own position";

std::string create_publication(const Options& options) {
  std::string tables;
  for (const TableName& table : options.tables) {
    tables += (tables.empty() ? "" : ", ") + qualified(table);
  }
  if (!tables.empty()) tables = " FOR TABLE " + tables;
  return "CREATE PUBLICATION " + quote_identifier(options.publication) + tables +
         " WITH (publish = 'insert', publish_via_partition_root = true)";
}

bool is_covered(const TableName& table, const ServerFacts& facts) {
  const std::vector<TableName>& published = facts.publication->tables;
  const auto is_published = [&](const TableName& name) {
    return std::ranges::find(published, name) != published.end();
  };
  if (is_published(table)) return true;
  // Without publish_via_partition_root it is its partitions that are published.
  int partitions = 0;
  for (const PartitionFacts& partition : facts.partitions) {
    if (partition.root != table) continue;
    if (partition.is_published_alone || !is_published(partition.name)) return false;
    ++partitions;
  }
  return partitions > 0;
}

Error not_covered(const Options& options, const TableName& table) {
  return {ErrorKind::Refused,
          "publication \"" + options.publication + "\" does not cover table " + qualified(table),
          "as the owner: ALTER PUBLICATION " + quote_identifier(options.publication) +
              " ADD TABLE " + qualified(table) +
              " (`outrider setup` makes a table that is not there); rows committed while it was "
              "not covered are not sent"};
}

Result<void> check_publication(const Options& options, const ServerFacts& facts) {
  std::vector<Error> problems = problems_of_publication(options, facts);
  if (problems.empty()) return {};
  return std::unexpected(std::move(problems.front()));
}

/// Where the timeline `before` ended, from lines "timeline<TAB>lsn<TAB>reason".
std::optional<Lsn> end_of_timeline(std::string_view history, std::uint32_t before) {
  std::istringstream lines{std::string(history)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::uint32_t timeline = 0;
    std::string lsn;
    if (!(fields >> timeline >> lsn) || timeline != before) continue;
    const Result<Lsn> end = parse_lsn(lsn);
    return end ? std::optional(*end) : std::nullopt;
  }
  return std::nullopt;
}

Result<void> check_log_end(const ServerFacts& server, const PostgresPosition& checkpoint) {
  const Lsn reached = std::max(checkpoint.end_lsn, checkpoint.partial.final_lsn);
  if (reached <= server.wal_end) return {};
  return failure(ErrorKind::Refused,
                 "events are delivered up to " + to_string(reached) +
                     ", but the server's log ends at " + to_string(server.wal_end) +
                     ": it was restored or lost part of its log",
                 kAdopt);
}

Result<void> check_timeline(const SystemIdentity& system, const PostgresPosition& checkpoint) {
  if (checkpoint.timeline == system.timeline) return {};
  const Lsn reached = std::max(checkpoint.end_lsn, checkpoint.partial.final_lsn);
  if (checkpoint.timeline < system.timeline && system.timeline_history.empty()) {
    return failure(ErrorKind::Refused,
                   "the history file of timeline " + std::to_string(system.timeline) +
                       " is missing on the server: it cannot tell whether the checkpoint " +
                       to_string(reached) + " of timeline " + std::to_string(checkpoint.timeline) +
                       " is in its history",
                   "restore the file from the archive into pg_wal; otherwise: " + kAdopt);
  }
  const std::optional<Lsn> end = end_of_timeline(system.timeline_history, checkpoint.timeline);
  // A position is the end of a record, but the commit record of a partial begins at its place.
  const bool is_within = end && checkpoint.end_lsn <= *end && checkpoint.partial.final_lsn < *end;
  if (checkpoint.timeline > system.timeline || !is_within) {
    return failure(
        ErrorKind::Refused,
        "the checkpoint " + to_string(reached) + " of timeline " +
            std::to_string(checkpoint.timeline) +
            " is not in the history of the server, which is " + "on timeline " +
            std::to_string(system.timeline) + (end ? " since " + to_string(*end) : std::string()) +
            ": after a failover or restore, published events are missing in the database",
        kAdopt);
  }
  return {};
}

Result<void> check_positions(const StartFacts& facts, const PostgresPosition& checkpoint) {
  const Lsn confirmed = facts.server.slot->confirmed_flush;
  if (confirmed > checkpoint.end_lsn) {
    return failure(ErrorKind::Refused,
                   slot_named(facts.options) + " was advanced or created anew: it begins at " +
                       to_string(confirmed) + ", but events are delivered only up to " +
                       to_string(checkpoint.end_lsn),
                   kAcceptGap);
  }
  OUTRIDER_TRY(check_log_end(facts.server, checkpoint));
  OUTRIDER_TRY(check_same_publication(facts.options, facts.server, checkpoint.publication_digest));
  return check_timeline(facts.system, checkpoint);
}

Result<StartDecision> decide_without_checkpoint(const StartFacts& facts, PostgresPosition from) {
  StartDecision decision{.from = from, .write_checkpoint = true, .notices = {}};
  const bool is_virgin = facts.setup && facts.setup->consistent_point == from.end_lsn &&
                         facts.setup->system_id == facts.system.system_id;
  if (is_virgin) {
    if (facts.setup->rows_before > 0 && facts.options.on_first_start == OnFirstStart::Refuse) {
      return failure(ErrorKind::Refused,
                     "up to " + std::to_string(facts.setup->rows_before) +
                         " rows were in the outbox before " + slot_named(facts.options) +
                         " existed and would never be sent",
                     "set start.on_first_start: ignore to begin without them");
    }
    return decision;
  }
  if (facts.options.without_checkpoint == WithoutCheckpoint::Refuse) {
    return failure(ErrorKind::Refused,
                   slot_named(facts.options) + " was used before, but there is no checkpoint of it",
                   "set start.without_checkpoint: adopt to begin at the slot's position " +
                       to_string(from.end_lsn) + "; events after it may repeat");
  }
  decision.notices.push_back(
      {Notice::Severity::Warning, "no checkpoint: beginning at the position of " +
                                      slot_named(facts.options) + ", " + to_string(from.end_lsn) +
                                      "; events after it may have been sent before"});
  return decision;
}

}  // namespace

Result<void> check_primary(const ServerFacts& facts) {
  if (!facts.in_recovery) return {};
  return failure(ErrorKind::Unavailable, "the server is a standby",
                 "name the primary, or all hosts with target_session_attrs=read-write");
}

Result<void> check_facts(const Options& options, const ServerFacts& facts) {
  OUTRIDER_TRY(check_primary(facts));
  OUTRIDER_TRY(check_wal_level(facts));
  return check_coverage(options, facts);
}

Result<void> check_wal_level(const ServerFacts& facts) {
  if (facts.wal_level == "logical") return {};
  return failure(ErrorKind::Refused, "wal_level is \"" + facts.wal_level + "\", not \"logical\"",
                 "ALTER SYSTEM SET wal_level = logical, then restart the server");
}

Result<void> check_coverage(const Options& options, const ServerFacts& facts) {
  OUTRIDER_TRY(check_slot(options, facts));
  return check_publication(options, facts);
}

Result<void> check_slot(const Options& options, const ServerFacts& facts) {
  if (!facts.slot) {
    return failure(
        ErrorKind::Refused, slot_named(options) + " does not exist",
        "`outrider setup` creates it, `outrider checkpoint accept-gap` then goes on with "
        "it; events committed without a slot are not sent");
  }
  if (facts.slot->plugin != "pgoutput") {
    return failure(
        ErrorKind::Refused,
        slot_named(options) + " uses the plugin \"" + facts.slot->plugin + "\", not pgoutput",
        "name another slot under source.postgres.slot");
  }
  if (facts.slot->two_phase) {
    return failure(ErrorKind::Refused,
                   slot_named(options) +
                       " was created with two_phase: it sends prepared "
                       "transactions before anyone knows whether they commit",
                   "name a slot without two_phase under source.postgres.slot; `outrider setup` "
                   "creates one");
  }
  if (facts.slot->wal_status == "lost" || !facts.slot->invalidation_reason.empty()) {
    return failure(ErrorKind::Refused,
                   slot_named(options) + " is lost: the server removed log that was not read yet" +
                       (facts.slot->invalidation_reason.empty()
                            ? std::string()
                            : " (" + facts.slot->invalidation_reason + ")"),
                   "SELECT pg_drop_replication_slot(" + quote_literal(options.slot) +
                       "), then `outrider setup`, then `outrider checkpoint accept-gap`; what was "
                       "not read is only in the outbox table now");
  }
  return {};
}

std::vector<Error> problems_of_publication(const Options& options, const ServerFacts& facts) {
  if (!facts.publication) {
    return {{ErrorKind::Refused, "publication \"" + options.publication + "\" does not exist",
             "as the owner of the tables: `outrider setup`, or " + create_publication(options) +
                 "; rows committed while it was missing are not sent"}};
  }
  std::vector<Error> problems;
  for (const TableName& table : options.tables) {
    if (!is_covered(table, facts)) problems.push_back(not_covered(options, table));
  }
  if (!facts.publication->publishes_insert) {
    problems.push_back({ErrorKind::Refused,
                        "publication \"" + options.publication + "\" does not publish inserts",
                        "as the owner: ALTER PUBLICATION " + quote_identifier(options.publication) +
                            " SET (publish = 'insert')"});
  }
  return problems;
}

Result<void> check_same_publication(const Options& options, const ServerFacts& facts,
                                    std::uint64_t digest) {
  if (facts.publication && facts.publication->digest == digest) return {};
  return failure(ErrorKind::Refused,
                 "publication \"" + options.publication +
                     "\" or its tables were dropped, created or added anew since the last "
                     "checkpoint: rows in between may be missing in the stream",
                 kAcceptGap);
}

Result<void> check_database(const Options& options, const SystemIdentity& system,
                            const SlotFacts& slot) {
  if (slot.database == system.database.view()) return {};
  return failure(ErrorKind::Refused,
                 slot_named(options) + " is of database \"" + slot.database + "\", not \"" +
                     std::string(system.database.view()) + "\"",
                 "name that database in the dsn, or another slot under source.postgres.slot");
}

Result<void> check_not_active(const Options& options, const SlotFacts& slot, std::int64_t own_pid) {
  if (!slot.active || (own_pid != 0 && slot.active_pid == own_pid)) return {};
  const std::string pid = std::to_string(slot.active_pid);
  return failure(
      ErrorKind::Unavailable,
      slot_named(options) + " is read by another client, PID " + pid +
          (slot.active_application.empty() ? std::string() : " (" + slot.active_application + ")"),
      "stop that client, or SELECT pg_terminate_backend(" + pid + ")");
}

Result<void> check_identity(const Options& options, const SystemIdentity& system,
                            const PostgresPosition& checkpoint) {
  const auto refuse = [&](const std::string& what, const std::string& theirs,
                          const std::string& ours, const std::string& more = {}) {
    return failure(
        ErrorKind::Refused,
        "the checkpoint belongs to another " + what + ": " + theirs + ", this is " + ours,
        "two pipelines share one `identity:`; give each its own" + more);
  };
  if (checkpoint.system_id != system.system_id) {
    return refuse("database cluster", std::to_string(checkpoint.system_id),
                  std::to_string(system.system_id),
                  "; if this cluster took the other's place: " + kAdopt);
  }
  if (checkpoint.database != system.database) {
    return refuse("database", std::string(checkpoint.database.view()),
                  std::string(system.database.view()));
  }
  if (checkpoint.slot.view() != options.slot) {
    return refuse("slot", std::string(checkpoint.slot.view()), options.slot);
  }
  return {};
}

Result<void> check_history(const StartFacts& facts, const PostgresPosition& checkpoint) {
  OUTRIDER_TRY(check_log_end(facts.server, checkpoint));
  return check_timeline(facts.system, checkpoint);
}

Result<PostgresPosition> position_of_slot(const StartFacts& facts) {
  PostgresPosition position;
  position.system_id = facts.system.system_id;
  position.timeline = facts.system.timeline;
  position.database = facts.system.database;
  OUTRIDER_TRY(position.slot, Identifier::from(facts.options.slot));
  position.end_lsn = facts.server.slot->confirmed_flush;
  // Nothing of ours was seen since.
  position.last = {.end_lsn = position.end_lsn, .xid = 0, .commit_time_us = 0};
  position.publication_digest = facts.server.publication->digest;
  return position;
}

Result<StartDecision> decide_start(const StartFacts& facts, bool keeps_checkpoints,
                                   const std::optional<PostgresPosition>& checkpoint) {
  OUTRIDER_TRY(PostgresPosition from, position_of_slot(facts));
  if (!keeps_checkpoints) return StartDecision{.from = from};
  if (!checkpoint) return decide_without_checkpoint(facts, from);
  OUTRIDER_TRY(check_positions(facts, *checkpoint));
  from.end_lsn = checkpoint->end_lsn;
  from.partial = checkpoint->partial;
  from.last = checkpoint->last;
  return StartDecision{.from = from};
}

Result<void> check_started(const Options& options, const ServerFacts& facts,
                           const PostgresPosition& from, std::int64_t own_pid) {
  OUTRIDER_TRY(check_coverage(options, facts));
  OUTRIDER_TRY(check_same_publication(options, facts, from.publication_digest));
  OUTRIDER_TRY(check_not_active(options, *facts.slot, own_pid));
  if (!facts.slot->active) {
    return failure(ErrorKind::Unavailable,
                   slot_named(options) +
                       " is not read any more: the server ended the stream "
                       "meanwhile",
                   "the server's log says why");
  }
  if (facts.slot->confirmed_flush > from.end_lsn) {
    return failure(ErrorKind::Refused,
                   slot_named(options) + " was advanced to " +
                       to_string(facts.slot->confirmed_flush) + " while starting from " +
                       to_string(from.end_lsn),
                   kAcceptGap);
  }
  return {};
}

}  // namespace outrider::postgres
