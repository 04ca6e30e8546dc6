#include "connectors/postgres/setup/setup.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/blocking_session.h"
#include "connectors/postgres/setup/setup_check.h"
#include "connectors/postgres/setup/setup_sql.h"
#include "connectors/postgres/sqlstate.h"

#include <fmt/format.h>

#include <utility>

namespace outrider::postgres {
namespace {

using Say = std::function<void(const std::string& line)>;

// Two setups at once take turns: "OUTS" as the class of an advisory lock.
constexpr std::string_view kLock = "select pg_advisory_lock(1330992211, 0)";
// The creation of a slot waits for every transaction that is writing.
constexpr std::string_view kSlotTimeLimit = "set statement_timeout = '60s'";

constexpr std::string_view kInsufficientPrivilege = "42501";
constexpr std::string_view kQueryCanceled = "57014";

// An error of a statement, with what setup knows about its remedy.
Error explain(Error error, const std::string& subject) {
  const std::string code(sqlstate_of(error));
  if (code == kInsufficientPrivilege && error.hint.empty()) {
    error.hint =
        "run setup as the owner of the database and of the outbox tables; the slot needs "
        "REPLICATION as well: alter role … replication";
  } else if (code == kQueryCanceled) {
    error.kind = ErrorKind::Unavailable;
    error.hint =
        "a long transaction holds it up; find it with: select pid, xact_start, query from "
        "pg_stat_activity where backend_xid is not null order by xact_start; then run "
        "setup again";
  } else if (error.kind == ErrorKind::Interrupted) {
    error.kind = ErrorKind::Refused;
  }
  return std::move(error).within(subject);
}

Result<bool> is_true(BlockingSession& session, const std::string& expression) {
  OUTRIDER_TRY(const Rows rows, session.query("select " + expression));
  return rows.rows.size() == 1 && rows.rows.front().size() == 1 && rows.rows.front().front() == "t";
}

Result<void> take_step(BlockingSession& session, const SetupStep& step, const Say& say) {
  OUTRIDER_TRY(const bool present, is_true(session, step.present));
  if (present) {
    say(step.subject + ": already there");
    return {};
  }
  for (const SetupStep::Exception& exception : step.exceptions) {
    OUTRIDER_TRY(const bool holds, is_true(session, exception.when));
    if (holds) {
      say(fmt::format("{}: left out, {}", step.subject, exception.reason));
      return {};
    }
  }
  OUTRIDER_TRY(session.query(step.create));
  say(step.subject + ": done");
  return {};
}

Result<void> check_covered(BlockingSession& session, const SetupPlan& plan) {
  OUTRIDER_TRY(const Rows rows, session.query(uncovered_query(plan)));
  if (rows.rows.empty()) return {};
  const std::string publication = quote_identifier(plan.publication);
  return failure(
      ErrorKind::Misconfigured,
      fmt::format("the table {} has no partition yet, and only those are published",
                  rows.rows.front().front().value_or("")),
      fmt::format("alter publication {} set (publish_via_partition_root = true);", publication));
}

Result<void> create_slot(BlockingSession& session, const SetupPlan& plan, const Say& say) {
  const std::string subject = "slot " + quote_identifier(plan.slot);
  OUTRIDER_TRY(const bool present, is_true(session, slot_present(plan)));
  if (present) {
    say(subject + ": already there");
    return {};
  }
  OUTRIDER_TRY(const Rows statement, session.query(slot_statement_query(plan)));
  OUTRIDER_TRY(session.query(std::string(kSlotTimeLimit)));
  OUTRIDER_TRY(session.query(statement.rows.at(0).at(0).value_or("")));
  OUTRIDER_TRY(session.query("reset statement_timeout"));
  OUTRIDER_TRY(session.query(note_slot(plan)));
  OUTRIDER_TRY(const Rows noted,
               session.query("select consistent_point, rows_before from outrider.slot "
                             "where slot_name = " +
                             quote_literal(plan.slot)));
  say(fmt::format("{}: done, from {} on; rows before it: {}", subject,
                  noted.rows.at(0).at(0).value_or(""), noted.rows.at(0).at(1).value_or("")));
  return {};
}

Result<std::vector<Error>> find_problems(BlockingSession& session, const SetupPlan& plan) {
  OUTRIDER_TRY(const Rows state, session.query(state_query(plan)));
  OUTRIDER_TRY(const Rows tables, session.query(tables_query(plan)));
  OUTRIDER_TRY(const DatabaseState read, read_state(state, tables));
  return check_state(plan, read);
}

}  // namespace

std::vector<Error> run_setup(const std::string& owner_dsn, const SetupPlan& plan, const Say& say) {
  BlockingSession session(owner_dsn);
  if (Result<void> connected = session.connect(); !connected) {
    return {explain(std::move(connected.error()), "connect as the owner")};
  }
  Result<std::vector<Error>> problems = find_problems(session, plan);
  if (!problems) return {explain(std::move(problems.error()), "look at the database")};
  if (!problems->empty()) return std::move(*problems);

  if (Result<Rows> locked = session.query(std::string(kLock)); !locked) {
    return {explain(std::move(locked.error()), "wait for another setup")};
  }
  for (const SetupStep& step : setup_steps(plan)) {
    if (Result<void> taken = take_step(session, step, say); !taken) {
      return {explain(std::move(taken.error()), step.subject)};
    }
  }
  if (Result<void> covered = check_covered(session, plan); !covered) {
    return {std::move(covered.error())};
  }
  if (Result<void> created = create_slot(session, plan, say); !created) {
    return {explain(std::move(created.error()), "slot " + quote_identifier(plan.slot))};
  }
  return {};
}

}  // namespace outrider::postgres
