#include "connectors/postgres/setup/teardown.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/setup_sql.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace outrider::postgres {
namespace {

// How many changes are counted behind a slot; more is not worth the wait.
constexpr int kCountedMost = 10'000;
constexpr std::chrono::seconds kCountTimeLimit{10};

Error explain(Error error, const std::string& subject) {
  if (error.kind == ErrorKind::Denied && error.hint.empty()) {
    error.hint = "run teardown as the database's owner, with REPLICATION";
  } else if (error.kind == ErrorKind::Interrupted) {
    error.kind = ErrorKind::Refused;
  }
  return std::move(error).within(subject);
}

}  // namespace

Result<std::unique_ptr<Teardown>> Teardown::begin(const std::string& owner_dsn, TeardownPlan plan) {
  std::unique_ptr<Teardown> teardown(new Teardown(owner_dsn, std::move(plan)));
  OUTRIDER_TRY(teardown->connect());
  OUTRIDER_TRY(teardown->take_lock());
  return teardown;
}

Result<Rows> Teardown::ask(const std::string& query, const std::string& subject) {
  Result<Rows> rows = session_.query(query);
  if (!rows) return std::unexpected(explain(std::move(rows.error()), subject));
  return rows;
}

Result<std::string> Teardown::text(const std::string& query, const std::string& subject) {
  OUTRIDER_TRY(const Rows rows, ask(query, subject));
  if (rows.rows.empty() || rows.rows.front().empty()) return "";
  return rows.rows.front().front().value_or("");
}

Result<void> Teardown::connect() {
  const std::string act = "connect as the owner";
  if (Result<void> connected = session_.connect(); !connected) {
    return std::unexpected(explain(std::move(connected.error()), act));
  }
  // The lock must outlast the talk with Kafka.
  OUTRIDER_TRY(ask("set idle_session_timeout = 0", act));
  OUTRIDER_TRY(const std::string database, text("select current_database()", act));
  if (database == plan_.database) return {};
  return failure(ErrorKind::Misconfigured,
                 fmt::format("--dsn leads to database \"{}\", the pipeline reads \"{}\"", database,
                             plan_.database),
                 "give the dsn of an owner of that database");
}

Result<void> Teardown::take_lock() {
  const std::string act = "take the lock of slot " + quote_identifier(plan_.relay.slot);
  OUTRIDER_TRY(const std::string taken, text(lock_query(plan_.relay), act));
  if (taken == "t") return {};
  OUTRIDER_TRY(const std::string json, text(facts_query(plan_.relay), act));
  OUTRIDER_TRY(const ServerFacts facts, parse_facts(json));
  return failure(
      ErrorKind::Unavailable,
      fmt::format("a relay is active on slot \"{}\": {}", plan_.relay.slot,
                  facts.lock_holder.empty() ? "another session holds its lock" : facts.lock_holder),
      "stop it first; nothing was changed");
}

Result<void> Teardown::prove_held() {
  OUTRIDER_TRY(ask("select 1", "hold the lock of slot " + quote_identifier(plan_.relay.slot)));
  return {};
}

Result<std::vector<TeardownStep>> Teardown::look() {
  std::vector<TeardownStep> steps;
  OUTRIDER_TRY(look_at_slot(steps));
  const std::string publication = quote_identifier(plan_.relay.publication);
  const std::string subject = "publication " + publication;
  OUTRIDER_TRY(const std::string found, text("select 1 from pg_publication where pubname = " +
                                                 quote_literal(plan_.relay.publication),
                                             subject));
  if (!found.empty()) {
    steps.push_back({.subject = subject,
                     .loss = "whoever else reads through it stops",
                     .statement = "drop publication " + publication});
  }
  OUTRIDER_TRY(look_at_schema(steps));
  OUTRIDER_TRY(look_at_tables(steps));
  return steps;
}

Result<void> Teardown::look_at_slot(std::vector<TeardownStep>& steps) {
  const std::string name = quote_literal(plan_.relay.slot);
  const std::string subject = "slot " + quote_identifier(plan_.relay.slot);
  OUTRIDER_TRY(const Rows rows,
               ask("select wal_status, coalesce(confirmed_flush_lsn::text, ''), "
                   "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), confirmed_flush_lsn)::bigint "
                   "from pg_replication_slots where slot_name = " +
                       name,
                   subject));
  if (rows.rows.empty()) return {};
  const auto& row = rows.rows.front();
  const bool is_lost = row.at(0).value_or("") == "lost";
  steps.push_back(
      {.subject = subject,
       .loss = is_lost ? "its log is lost already"
                       : fmt::format("{} bytes of log after {}; {}", row.at(2).value_or("0"),
                                     row.at(1).value_or(""), undelivered()),
       .statement = "select pg_drop_replication_slot(" + name + ")"});
  return {};
}

// Decoding costs time, and a publication may be missing: without a number it goes as well.
std::string Teardown::undelivered() {
  constexpr int kInsert = 'I';
  const std::string count = fmt::format(
      "select count(*) filter (where get_byte(data, 0) = {}), count(*) >= {} from "
      "pg_logical_slot_peek_binary_changes({}, null, {}, 'proto_version', '1', "
      "'publication_names', {})",
      kInsert, kCountedMost, quote_literal(plan_.relay.slot), kCountedMost,
      quote_literal(quote_identifier(plan_.relay.publication)));
  static_cast<void>(session_.limit_queries(kCountTimeLimit));
  const Result<Rows> counted = session_.query(count);
  static_cast<void>(session_.limit_queries(std::nullopt));
  if (!counted || counted->rows.empty()) return "events in it that are not delivered never arrive";
  const auto& row = counted->rows.front();
  return fmt::format("{}{} events in it are not confirmed as delivered and may never arrive",
                     row.at(1).value_or("") == "t" ? "at least " : "", row.at(0).value_or("0"));
}

// The schema belongs to all pipelines of the database.
Result<void> Teardown::look_at_schema(std::vector<TeardownStep>& steps) {
  const std::string subject = "schema outrider";
  OUTRIDER_TRY(const std::string found,
               text("select to_regclass('outrider.slot') is not null", subject));
  if (found != "t") return {};
  const std::string slot = quote_literal(plan_.relay.slot);
  OUTRIDER_TRY(const std::string noted,
               text("select 1 from outrider.slot where slot_name = " + slot, subject));
  if (!noted.empty()) {
    steps.push_back({.subject = "note of the slot in outrider.slot",
                     .loss = "",
                     .statement = "delete from outrider.slot where slot_name = " + slot});
  }
  OUTRIDER_TRY(
      const std::string others,
      text("select string_agg(slot_name, ', ') from outrider.slot where slot_name <> " + slot,
           subject));
  if (others.empty()) return look_at_whole_schema(steps);
  steps.push_back({.subject = subject, .loss = "the slots " + others + " need it"});
  return {};
}

Result<void> Teardown::look_at_whole_schema(std::vector<TeardownStep>& steps) {
  const std::string subject = "schema outrider";
  OUTRIDER_TRY(const Rows functions,
               ask("select oid::regprocedure from pg_proc where proname = 'emit' and "
                   "pronamespace = to_regnamespace('outrider')",
                   subject));
  for (const auto& row : functions.rows) {
    const std::string function = row.at(0).value_or("");
    steps.push_back({.subject = "function " + function,
                     .loss = "transactions of services that call it fail",
                     .statement = "drop function " + function});
  }
  steps.push_back(
      {.subject = "table outrider.slot", .loss = "", .statement = "drop table outrider.slot"});
  OUTRIDER_TRY(const std::string more,
               text("select (select count(*) from pg_class where relnamespace = n.oid and relkind "
                    "<> 'i' and relname <> 'slot') + (select count(*) from pg_proc where "
                    "pronamespace = n.oid and proname <> 'emit') from pg_namespace n where "
                    "n.nspname = 'outrider'",
                    subject));
  if (more == "0") {
    steps.push_back({.subject = subject, .loss = "", .statement = "drop schema outrider"});
  } else {
    steps.push_back({.subject = subject, .loss = more + " other objects are in it"});
  }
  if (plan_.role.empty()) return {};
  const std::string right =
      fmt::format("connect on database {} from {}", quote_identifier(plan_.database),
                  quote_identifier(plan_.role));
  OUTRIDER_TRY(
      const std::string granted,
      text(fmt::format("select 1 from pg_database d, aclexplode(d.datacl) a, pg_roles r where "
                       "d.datname = {} and r.rolname = {} and a.grantee = r.oid and "
                       "a.privilege_type = 'CONNECT'",
                       quote_literal(plan_.database), quote_literal(plan_.role)),
           right));
  if (!granted.empty()) {
    steps.push_back({.subject = "grant of " + right, .loss = "", .statement = "revoke " + right});
  }
  return {};
}

Result<void> Teardown::look_at_tables(std::vector<TeardownStep>& steps) {
  for (const TableName& table : plan_.relay.tables) {
    const std::string name = qualified(table);
    const std::string subject = "table " + name;
    OUTRIDER_TRY(
        const std::string found,
        text("select 1 where to_regclass(" + quote_literal(name) + ") is not null", subject));
    if (found.empty()) continue;
    if (plan_.tables == OutboxTables::Keep) {
      steps.push_back({.subject = subject, .loss = "with its rows; --drop-table drops it"});
      continue;
    }
    OUTRIDER_TRY(const std::string rows, text("select count(*) from " + name, subject));
    steps.push_back({.subject = subject,
                     .loss = rows + " rows; transactions of services that write to it fail",
                     .statement = "drop table " + name});
  }
  return {};
}

Result<void> Teardown::drop(const std::vector<TeardownStep>& steps,
                            const std::function<void(const TeardownStep&)>& done) {
  for (const TeardownStep& step : steps) {
    if (step.statement.empty()) continue;
    OUTRIDER_TRY(ask(step.statement, "drop " + step.subject));
    done(step);
  }
  return {};
}

}  // namespace outrider::postgres
