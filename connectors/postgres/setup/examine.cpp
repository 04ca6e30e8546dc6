#include "connectors/postgres/setup/examine.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/blocking_session.h"

#include <chrono>
#include <optional>
#include <utility>

namespace outrider::postgres {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kAnswerTimeout{10};

Result<std::string> value_of(BlockingSession& session, const std::string& query) {
  OUTRIDER_TRY(const Rows rows, session.query(query));
  return single_value(rows);
}

/// Taken to be read half way between asking and answer: wrong by half the way at most.
void compare_clocks(ServerSights& sights, WallTime asked, WallTime answered) {
  if (!sights.facts.clock) return;
  const Duration way = answered - asked;
  sights.clock_doubt = way / 2;
  sights.clock_difference = *sights.facts.clock - (asked + way / 2);
}

/// How fast the log grows, where that decides when the slot is lost.
Result<void> measure_log(BlockingSession& session, ServerSights& sights, TimePoint begun) {
  if (sights.surroundings.keep_megabytes < 0 || sights.facts.in_recovery) return {};
  OUTRIDER_TRY(const std::string text,
               value_of(session, "select pg_current_wal_flush_lsn() from pg_sleep(2)"));
  OUTRIDER_TRY(const Lsn end, parse_lsn(text));
  sights.written_bytes = end.value - sights.facts.wal_end.value;
  sights.written_in = steady_clock::now() - begun;
  return {};
}

WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

Result<Examination> look(const Options& options, const TableRule& table_rule) {
  BlockingSession session(options);
  OUTRIDER_TRY(session.connect());
  OUTRIDER_TRY(session.limit_queries(kAnswerTimeout));
  OUTRIDER_TRY(const std::string around, value_of(session, surroundings_query(options)));
  OUTRIDER_TRY(const Surroundings surroundings, parse_surroundings(around));
  const TimePoint begun = steady_clock::now();
  const WallTime asked = wall_now();
  OUTRIDER_TRY(const std::string catalog, value_of(session, facts_query(options)));
  const WallTime answered = wall_now();
  OUTRIDER_TRY(const ServerFacts facts, parse_facts(catalog));
  ServerSights sights{.options = options,
                      .table_rule = table_rule,
                      .surroundings = surroundings,
                      .facts = facts,
                      .sslmode = session.sslmode(),
                      .known_pid = session.backend_pid()};
  compare_clocks(sights, asked, answered);
  OUTRIDER_TRY(measure_log(session, sights, begun));
  return Examination{.subject = describe_server(surroundings),
                     .findings = examine(sights),
                     .is_in_use = facts.lock_held};
}

}  // namespace

Examination examine_server(const Options& options, const TableRule& table_rule) {
  Result<Examination> seen = look(options, table_rule);
  if (seen) return std::move(*seen);
  return {.subject = "PostgreSQL", .findings = {Finding::of(std::move(seen).error())}};
}

}  // namespace outrider::postgres
