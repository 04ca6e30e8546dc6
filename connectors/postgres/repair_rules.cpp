#include "connectors/postgres/repair_rules.h"

#include <fmt/format.h>

#include <utility>

namespace outrider::postgres {
namespace {

std::string range(Lsn begin, Lsn end) {
  return fmt::format("between {} and {} ({} bytes of log)", to_string(begin), to_string(end),
                     end.value - begin.value);
}

std::string given_up(Lsn begin, Lsn end) {
  return "events committed " + range(begin, end) +
         " are not delivered; they are only in the outbox table";
}

bool is_republished(const StartFacts& facts, const PostgresPosition& checkpoint) {
  return facts.server.publication->digest != checkpoint.publication_digest;
}

Repair nothing_to_mend(std::string why) {
  return {.to = std::nullopt, .consequences = {std::move(why)}};
}

Result<Repair> skip_to_slot(const StartFacts& facts, const PostgresPosition& checkpoint) {
  OUTRIDER_TRY(PostgresPosition to, position_of_slot(facts));
  Repair repair{.to = std::nullopt, .consequences = {given_up(checkpoint.end_lsn, to.end_lsn)}};
  if (!checkpoint.partial.none() && checkpoint.partial.final_lsn >= to.end_lsn) {
    // The slot says it again from its beginning.
    to.partial = checkpoint.partial;
  } else if (!checkpoint.partial.none()) {
    repair.consequences.push_back(
        fmt::format("of the transaction at {} only the first {} events were delivered",
                    to_string(checkpoint.partial.final_lsn), checkpoint.partial.events_done));
  }
  repair.to = to;
  return repair;
}

Repair accept_publication(const StartFacts& facts, const PostgresPosition& checkpoint) {
  PostgresPosition to = checkpoint;
  to.timeline = facts.system.timeline;
  to.publication_digest = facts.server.publication->digest;
  return {
      .to = to,
      .consequences = {
          "rows committed after " + to_string(to.end_lsn) +
              " while the publication or one of its tables was missing are not delivered; "
              "they are only in the outbox table",
          "if the server then says that the publication does not exist, rows were written while "
          "there was none, and it cannot decode past them: `outrider checkpoint set --lsn end` "
          "does"}};
}

Result<void> check_place(const StartFacts& facts, Lsn to) {
  const Lsn begin = facts.server.slot->confirmed_flush;
  if (to >= begin && to <= facts.server.wal_end) return {};
  return failure(ErrorKind::Refused,
                 fmt::format("{} is not held by slot \"{}\"", to_string(to), facts.options.slot),
                 fmt::format("it holds the log from {} to {}", to_string(begin),
                             to_string(facts.server.wal_end)));
}

std::string consequence_of_move(const std::optional<PostgresPosition>& checkpoint, Lsn begin,
                                Lsn to) {
  if (!checkpoint) {
    return to > begin ? given_up(begin, to)
                      : "events after " + to_string(to) + " may have been sent before";
  }
  if (to > checkpoint->end_lsn) return given_up(checkpoint->end_lsn, to);
  return "events committed " + range(to, checkpoint->end_lsn) + " are delivered again";
}

}  // namespace

Result<Repair> accept_gap(const StartFacts& facts,
                          const std::optional<PostgresPosition>& checkpoint) {
  if (!checkpoint) {
    return nothing_to_mend("there is no checkpoint, so no gap: start.without_checkpoint decides");
  }
  OUTRIDER_TRY(check_identity(facts.options, facts.system, *checkpoint));
  OUTRIDER_TRY(check_history(facts, *checkpoint));
  if (facts.server.slot->confirmed_flush > checkpoint->end_lsn) {
    return skip_to_slot(facts, *checkpoint);
  }
  if (is_republished(facts, *checkpoint)) return accept_publication(facts, *checkpoint);
  return nothing_to_mend("there is no gap: the slot begins at " +
                         to_string(facts.server.slot->confirmed_flush) +
                         " and holds all that follows the checkpoint");
}

Result<Repair> adopt(const StartFacts& facts, const std::optional<PostgresPosition>& checkpoint) {
  OUTRIDER_TRY(const PostgresPosition to, position_of_slot(facts));
  Repair repair{.to = to, .consequences = {}};
  if (!checkpoint) {
    repair.consequences = {"events after " + to_string(to.end_lsn) +
                           " may have been sent before by others"};
    return repair;
  }
  PostgresPosition here = *checkpoint;
  here.system_id = facts.system.system_id;
  OUTRIDER_TRY(check_identity(facts.options, facts.system, here));
  if (here.system_id != checkpoint->system_id) {
    repair.consequences.push_back(
        fmt::format("the checkpoint of cluster {} is given up; a relay that still serves that "
                    "cluster under this identity is fenced",
                    checkpoint->system_id));
  } else if (check_history(facts, *checkpoint) && to.end_lsn > checkpoint->end_lsn) {
    return failure(ErrorKind::Refused,
                   "the checkpoint is in this server's history, and the slot begins after it",
                   "`outrider checkpoint accept-gap` is for a gap");
  }
  repair.consequences.push_back("events on this server after " + to_string(to.end_lsn) +
                                " are delivered, also those that were delivered before the "
                                "failover or restore");
  repair.consequences.emplace_back(
      "events that were delivered and are missing in this database stay delivered");
  return repair;
}

Result<Repair> set_position(const StartFacts& facts,
                            const std::optional<PostgresPosition>& checkpoint,
                            std::optional<Lsn> to) {
  if (checkpoint) {
    OUTRIDER_TRY(check_identity(facts.options, facts.system, *checkpoint));
    OUTRIDER_TRY(check_history(facts, *checkpoint));
  }
  OUTRIDER_TRY(PostgresPosition position, position_of_slot(facts));
  const Lsn begin = position.end_lsn;
  const Lsn place = to.value_or(facts.server.wal_end);
  OUTRIDER_TRY(check_place(facts, place));
  position.end_lsn = place;
  // What the slot says again before that place is not known, so it cannot be checked.
  if (place != begin) position.last = {};
  Repair repair{.to = position,
                .consequences = {consequence_of_move(checkpoint, begin, place)},
                .advances_slot = place > begin && (!checkpoint || place > checkpoint->end_lsn)};
  if (checkpoint && !checkpoint->partial.none()) {
    repair.consequences.push_back(
        fmt::format("that {} events of the transaction at {} were delivered is forgotten",
                    checkpoint->partial.events_done, to_string(checkpoint->partial.final_lsn)));
  }
  if (checkpoint && is_republished(facts, *checkpoint)) {
    repair.consequences.emplace_back(
        "rows committed while the publication or one of its tables was missing are not delivered");
  }
  return repair;
}

}  // namespace outrider::postgres
