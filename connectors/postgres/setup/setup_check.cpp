#include "connectors/postgres/setup/setup_check.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/setup_sql.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <string_view>

namespace outrider::postgres {
namespace {

constexpr std::size_t kStateColumns = 14;
constexpr std::size_t kTableColumns = 4;

using Row = std::vector<std::optional<std::string>>;

std::string text_at(const Row& row, std::size_t column) { return row[column].value_or(""); }
bool truth_at(const Row& row, std::size_t column) { return row[column] == "t"; }

std::int64_t number_at(const Row& row, std::size_t column) {
  const std::string text = text_at(row, column);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void check_server(const DatabaseState& state, std::vector<Error>& problems) {
  if (state.in_recovery) {
    problems.push_back({ErrorKind::Misconfigured, "this server is a standby",
                        "give the dsn of the primary, e.g. with target_session_attrs=read-write"});
  }
  if (state.wal_level != "logical") {
    problems.push_back({ErrorKind::Misconfigured,
                        fmt::format("wal_level is {}, not logical", state.wal_level),
                        "alter system set wal_level = logical; then restart the server"});
  }
  if (!state.slot && state.slots_used >= state.slots_max) {
    problems.push_back({ErrorKind::Misconfigured,
                        fmt::format("all {} replication slots are in use", state.slots_max),
                        "raise max_replication_slots and restart the server, or drop a slot that "
                        "nobody reads (see pg_replication_slots)"});
  }
}

void check_roles(const SetupPlan& plan, const DatabaseState& state, std::vector<Error>& problems) {
  const std::string role = quote_identifier(plan.role);
  if (!state.role) {
    problems.push_back({ErrorKind::Misconfigured, fmt::format("the role {} does not exist", role),
                        fmt::format("create role {} login replication password '…';", role)});
  } else if (!state.role->can_login || !state.role->can_replicate) {
    problems.push_back({ErrorKind::Misconfigured,
                        fmt::format("the role {} lacks LOGIN or REPLICATION", role),
                        fmt::format("alter role {} login replication;", role)});
  }
  if (!state.may_create && (!state.has_schema || !state.publication_inserts)) {
    const std::string database = quote_identifier(state.database);
    const std::string user = quote_identifier(state.user);
    problems.push_back(
        {ErrorKind::Denied,
         fmt::format("the role {} may not create in the database {}", user, database),
         fmt::format("grant create on database {} to {}; or run setup as the database's owner",
                     database, user)});
  }
}

void check_slot(const SetupPlan& plan, const DatabaseState& state, std::vector<Error>& problems) {
  if (!state.slot) return;
  const std::string slot = quote_identifier(plan.slot);
  if (state.slot->plugin != "pgoutput" || state.slot->database != plan.database) {
    problems.push_back(
        {ErrorKind::Misconfigured,
         fmt::format("the slot {} exists, but with the plugin \"{}\" in the database \"{}\"", slot,
                     state.slot->plugin, state.slot->database),
         "set another slot in the configuration (slot names are unique in a cluster)"});
  } else if (state.slot->wal_status == "lost") {
    problems.push_back({ErrorKind::Refused,
                        fmt::format("the slot {} is lost: the server removed log it needs", slot),
                        fmt::format("select pg_drop_replication_slot({}); then run setup again. "
                                    "Rows between are not delivered",
                                    quote_literal(plan.slot))});
  }
}

}  // namespace

std::string state_query(const SetupPlan& plan) {
  const std::string role = quote_literal(plan.role);
  const std::string slot = quote_literal(plan.slot);
  return fmt::format(
      "select current_database(), current_user, current_setting('wal_level'), "
      "pg_is_in_recovery(), has_database_privilege(current_database(), 'create'), "
      "to_regnamespace('outrider') is not null, (select count(*) from pg_replication_slots), "
      "current_setting('max_replication_slots'), r.rolcanlogin, {}, s.plugin, s.database, "
      "s.wal_status, p.pubinsert "
      "from (values (1)) as one left join pg_roles r on r.rolname = {} "
      "left join pg_replication_slots s on s.slot_name = {} "
      "left join pg_publication p on p.pubname = {}",
      kMayReplicate, role, slot, quote_literal(plan.publication));
}

std::string tables_query(const SetupPlan& plan) {
  std::string needed;
  for (const std::string& column : plan.columns.needed()) {
    fmt::format_to(std::back_inserter(needed), "{}({})", needed.empty() ? "" : ", ",
                   quote_literal(column));
  }
  return fmt::format(
      "select wanted.schema_name, wanted.table_name, c.relkind in ('r', 'p'), "
      "(select string_agg(needed.name, ', ') from (values {}) as needed(name) where not exists "
      "(select from pg_attribute a where a.attrelid = c.oid and a.attname = needed.name "
      "and a.attnum > 0 and not a.attisdropped)) "
      "from {} join pg_namespace n on n.nspname = wanted.schema_name "
      "join pg_class c on c.relnamespace = n.oid and c.relname = wanted.table_name",
      needed, wanted_tables(plan.tables));
}

std::string uncovered_query(const SetupPlan& plan) {
  return fmt::format(
      "select format('%I.%I', wanted.schema_name, wanted.table_name) from {} where not exists "
      "(select from pg_publication_tables t where t.pubname = {} "
      "and t.schemaname = wanted.schema_name and t.tablename = wanted.table_name) "
      "and not exists (select from pg_partition_tree(to_regclass(format('%I.%I', "
      "wanted.schema_name, wanted.table_name))) leaf join pg_class c on c.oid = leaf.relid "
      "join pg_namespace n on n.oid = c.relnamespace join pg_publication_tables t "
      "on t.schemaname = n.nspname and t.tablename = c.relname "
      "where leaf.isleaf and t.pubname = {})",
      wanted_tables(plan.tables), quote_literal(plan.publication), quote_literal(plan.publication));
}

Result<DatabaseState> read_state(const Rows& state, const Rows& tables) {
  if (state.rows.size() != 1 || state.columns != kStateColumns || tables.columns != kTableColumns) {
    return failure(ErrorKind::Internal, "the catalogs answered in another form than asked for");
  }
  const Row& row = state.rows.front();
  DatabaseState read;
  read.database = text_at(row, 0);
  read.user = text_at(row, 1);
  read.wal_level = text_at(row, 2);
  read.in_recovery = truth_at(row, 3);
  read.may_create = truth_at(row, 4);
  read.has_schema = truth_at(row, 5);
  read.slots_used = number_at(row, 6);
  read.slots_max = number_at(row, 7);
  if (row[8]) read.role = DatabaseState::Role{truth_at(row, 8), truth_at(row, 9)};
  if (row[10] || row[11] || row[12]) {
    read.slot = DatabaseState::Slot{text_at(row, 10), text_at(row, 11), text_at(row, 12)};
  }
  if (row[13]) read.publication_inserts = truth_at(row, 13);
  for (const Row& table : tables.rows) {
    if (truth_at(table, 2) && !table[3]) continue;
    read.misfits.push_back(
        {{text_at(table, 0), text_at(table, 1)}, truth_at(table, 2), text_at(table, 3)});
  }
  return read;
}

std::vector<Error> check_state(const SetupPlan& plan, const DatabaseState& state) {
  std::vector<Error> problems;
  if (state.database != plan.database) {
    problems.push_back(
        {ErrorKind::Misconfigured,
         fmt::format("the dsn leads to the database \"{}\", the pipeline's is \"{}\"",
                     state.database, plan.database),
         fmt::format("add dbname={} to the dsn", plan.database)});
    return problems;
  }
  check_server(state, problems);
  check_roles(plan, state, problems);
  check_slot(plan, state, problems);
  if (state.publication_inserts == false) {
    const std::string publication = quote_identifier(plan.publication);
    problems.push_back(
        {ErrorKind::Misconfigured,
         fmt::format("the publication {} does not publish inserts", publication),
         fmt::format("alter publication {} set (publish = 'insert');", publication)});
  }
  for (const DatabaseState::Misfit& misfit : state.misfits) {
    const std::string name = qualified(misfit.table);
    if (!misfit.is_table) {
      problems.push_back({ErrorKind::Misconfigured, name + " exists, but is not a table",
                          "name a table under source.postgres.tables in the configuration"});
    } else {
      problems.push_back(
          {ErrorKind::Misconfigured,
           fmt::format("the table {} has no column {}", name, misfit.missing_columns),
           "name the columns under outbox.columns in the configuration, or add them"});
    }
  }
  return problems;
}

}  // namespace outrider::postgres
