// The query behind Surroundings, and its answer.
#include "connectors/postgres/examination.h"
#include "connectors/postgres/json_fields.h"
#include "connectors/postgres/values.h"

#include <fmt/format.h>

namespace outrider::postgres {
namespace {

// Of pg_settings, for some of them came with later versions.
constexpr std::string_view kServer =
    "'version', current_setting('server_version_num')::int, "
    "'version_text', split_part(current_setting('server_version'), ' ', 1), "
    "'database', current_database(), 'role', current_user, "
    "'is_superuser', (select rolsuper from pg_roles where rolname = current_user), "
    "'backend_pid', pg_backend_pid(), "
    "'is_encrypted', coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false), "
    "'is_local', coalesce(inet_client_addr() <<= '127.0.0.0/8' or inet_client_addr() = '::1', "
    "true), "
    "'slots_used', (select count(*) from pg_replication_slots), "
    "'senders_used', (select count(*) from pg_stat_replication), "
    "'settings', (select json_object_agg(name, setting::int8) from pg_settings where name in "
    "('max_replication_slots', 'max_wal_senders', 'max_slot_wal_keep_size', "
    "'idle_replication_slot_timeout'))";

std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> texts;
  for (const Json& text : list_of(object, key)) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

TableFacts table_of(const Json& row) {
  TableFacts table{
      .described = {.schema = text_of(row, "schema"), .name = text_of(row, "name"), .columns = {}},
      .is_table = truth_of(row, "is_table"),
      .is_unlogged = truth_of(row, "is_unlogged")};
  for (const Json& column : list_of(row, "columns")) {
    if (!column.is_object()) continue;
    table.described.columns.push_back(text_of(column, "name"));
    table.described.kinds.push_back(
        kind_of(static_cast<std::uint32_t>(number_of(column, "type_oid"))));
  }
  return table;
}

}  // namespace

std::string surroundings_query(const Options& options) {
  const std::string wanted = wanted_tables(options.tables);
  return fmt::format(
      "select json_build_object({}, 'can_replicate', "
      "(select {} from pg_roles r where r.rolname = current_user), 'tables', (select "
      "json_agg(json_build_object("
      "'schema', n.nspname, 'name', c.relname, 'is_table', c.relkind in ('r', 'p'), "
      "'is_unlogged', c.relpersistence <> 'p', 'columns', "
      "(select json_agg(json_build_object('name', a.attname, 'type_oid', a.atttypid::int8) "
      "order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 "
      // Columns that are generated are never sent before Postgres 18.
      "and not a.attisdropped and (a.attgenerated = '' "
      "or current_setting('server_version_num')::int >= 180000)))) "
      "from {} join pg_namespace n on n.nspname = wanted.schema_name "
      "join pg_class c on c.relnamespace = n.oid and c.relname = wanted.table_name), "
      "'published', (select json_agg(to_jsonb(t)) from {} join pg_publication_tables t "
      "on t.schemaname = wanted.schema_name and t.tablename = wanted.table_name "
      "where t.pubname = {}))",
      kServer, kMayReplicate, wanted, wanted, quote_literal(options.publication));
}

Result<Surroundings> parse_surroundings(std::string_view json) {
  OUTRIDER_TRY(const Json object, parse_object(json));
  Surroundings around;
  around.version = static_cast<int>(number_of(object, "version"));
  around.version_text = text_of(object, "version_text");
  around.database = text_of(object, "database");
  around.role = text_of(object, "role");
  around.can_replicate = truth_of(object, "can_replicate");
  around.is_superuser = truth_of(object, "is_superuser");
  around.backend_pid = number_of(object, "backend_pid");
  around.is_encrypted = truth_of(object, "is_encrypted");
  around.is_local = truth_of(object, "is_local");
  around.slots_used = number_of(object, "slots_used");
  around.senders_used = number_of(object, "senders_used");
  if (const auto settings = object.find("settings"); settings != object.end()) {
    around.slots_max = number_of(*settings, "max_replication_slots");
    around.senders_max = number_of(*settings, "max_wal_senders");
    around.keep_megabytes = number_of(*settings, "max_slot_wal_keep_size", -1);
    around.idle_slot_seconds = number_of(*settings, "idle_replication_slot_timeout");
  }
  for (const Json& row : list_of(object, "tables")) around.tables.push_back(table_of(row));
  for (const Json& row : list_of(object, "published")) {
    around.published.push_back({.name = {text_of(row, "schemaname"), text_of(row, "tablename")},
                                .row_filter = text_of(row, "rowfilter"),
                                .columns = texts_of(row, "attnames")});
  }
  return around;
}

}  // namespace outrider::postgres
