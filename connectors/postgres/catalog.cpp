#include "connectors/postgres/catalog.h"

#include "connectors/postgres/json_fields.h"

#include <algorithm>
#include <charconv>

namespace outrider::postgres {
namespace {

// "OUTR": the first key of the advisory locks; the second is the hash of the slot's name.
constexpr std::string_view kLockClass = "1330992210";

std::optional<Lsn> lsn_of(const Json& object, const char* key) {
  const Result<Lsn> lsn = parse_lsn(text_of(object, key));
  return lsn ? std::optional(*lsn) : std::nullopt;
}

std::uint64_t digest_of(const Json& object) {
  const std::string hex = text_of(object, "digest").substr(0, 16);
  std::uint64_t digest = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), digest, 16);
  return digest;
}

/// The partitions that hold rows, with a walk through pg_inherits: pg_partition_tree() would wait
/// for whoever alters the table.
std::string partitions_query(const std::string& wanted, const std::string& publication) {
  return "(with recursive tree(root, root_schema, root_name, relid) as ("
         "select c.oid, n.nspname, c.relname, c.oid from pg_class c "
         "join pg_namespace n on n.oid = c.relnamespace join " +
         wanted +
         " on n.nspname = wanted.schema_name and c.relname = wanted.table_name "
         "where c.relkind = 'p' "
         "union all select t.root, t.root_schema, t.root_name, i.inhrelid from tree t "
         "join pg_inherits i on i.inhparent = t.relid) "
         "select json_agg(json_build_array(n.nspname, c.relname, t.root_schema, t.root_name, "
         "exists (select from pg_publication p join pg_publication_rel r on r.prpubid = p.oid "
         "where p.pubname = " +
         publication +
         " and r.prrelid = t.relid and not p.puballtables and not exists (select from "
         "pg_publication_rel o where o.prpubid = p.oid and o.prrelid = t.root)))) "
         "from tree t join pg_class c on c.oid = t.relid "
         "join pg_namespace n on n.oid = c.relnamespace where c.relkind <> 'p')";
}

void parse_partitions(const Json& rows, std::vector<PartitionFacts>& partitions) {
  for (const Json& row : rows) {
    const bool is_whole = row.is_array() && row.size() == 5 && row[4].is_boolean() &&
                          std::all_of(row.begin(), row.begin() + 4,
                                      [](const Json& name) { return name.is_string(); });
    if (!is_whole) continue;
    partitions.push_back({.name = {row[0], row[1]},
                          .root = {row[2], row[3]},
                          .is_published_alone = row[4].get<bool>()});
  }
}

SlotFacts parse_slot(const Json& row) {
  SlotFacts slot;
  slot.plugin = text_of(row, "plugin");
  slot.database = text_of(row, "database");
  slot.active = truth_of(row, "active");
  slot.active_pid = number_of(row, "active_pid");
  slot.active_application = text_of(row, "active_application");
  slot.confirmed_flush = lsn_of(row, "confirmed_flush_lsn").value_or(Lsn{});
  slot.restart = lsn_of(row, "restart_lsn");
  slot.two_phase = truth_of(row, "two_phase");
  slot.wal_status = text_of(row, "wal_status");
  slot.invalidation_reason = text_of(row, "invalidation_reason");
  if (const auto at = row.find("safe_wal_size"); at != row.end() && at->is_number_integer()) {
    slot.safe_wal_bytes = at->get<std::int64_t>();
  }
  if (const auto at = row.find("failover"); at != row.end() && at->is_boolean()) {
    slot.failover = at->get<bool>();
  }
  return slot;
}

PublicationFacts parse_publication(const Json& row) {
  PublicationFacts publication;
  publication.publishes_insert = truth_of(row, "inserts");
  publication.digest = digest_of(row);
  if (const auto tables = row.find("tables"); tables != row.end() && tables->is_array()) {
    for (const Json& table : *tables) {
      if (table.is_array() && table.size() == 2 && table[0].is_string() && table[1].is_string()) {
        publication.tables.push_back({table[0].get<std::string>(), table[1].get<std::string>()});
      }
    }
  }
  return publication;
}

}  // namespace

std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string qualified(const TableName& table) {
  return quote_identifier(table.schema) + "." + quote_identifier(table.name);
}

Result<std::string> single_value(const Rows& rows) {
  if (rows.rows.size() != 1 || rows.columns != 1 || !rows.rows[0][0]) {
    return failure(ErrorKind::Interrupted, "the server answered a catalog query with no row");
  }
  return *rows.rows[0][0];
}

std::string wanted_tables(const std::vector<TableName>& tables) {
  if (tables.empty()) {
    return "(select null::text, null::text where false) as wanted(schema_name, table_name)";
  }
  std::string list;
  for (const TableName& table : tables) {
    list += (list.empty() ? "(" : ", (") + quote_literal(table.schema) + ", " +
            quote_literal(table.name) + ")";
  }
  return "(values " + list + ") as wanted(schema_name, table_name)";
}

std::string facts_query(const Options& options) {
  const std::string slot = quote_literal(options.slot);
  const std::string publication = quote_literal(options.publication);
  const std::string wanted = wanted_tables(options.tables);
  const std::string locks =
      "from pg_locks l join pg_database d on d.oid = l.database "
      "left join pg_stat_activity a on a.pid = l.pid "
      "where d.datname = current_database() and l.locktype = 'advisory' and l.granted "
      "and l.objsubid = 2 and l.classid = " +
      std::string(kLockClass) + " and l.objid = hashtext(" + slot + ")::oid";
  return "select json_build_object("
         "'wal_level', current_setting('wal_level'), "
         "'server_encoding', current_setting('server_encoding'), "
         "'in_recovery', pg_is_in_recovery(), "
         "'clock', (extract(epoch from clock_timestamp()) * 1000000)::int8, "
         "'wal_end', case when pg_is_in_recovery() then pg_last_wal_replay_lsn() "
         "else pg_current_wal_flush_lsn() end, "
         "'lock_held', exists (select " +
         locks +
         "), "
         "'lock_holder', (select 'PID ' || l.pid || coalesce(' (' || nullif(a.application_name, "
         "'') || coalesce(' at ' || host(a.client_addr), '') || ')', '') " +
         locks +
         " limit 1), "
         "'slot', (select to_jsonb(s) || jsonb_build_object('active_application', "
         "(select a.application_name from pg_stat_activity a where a.pid = s.active_pid)) "
         "from pg_replication_slots s where s.slot_name = " +
         slot +
         "), "
         "'publication', (select json_build_object('inserts', p.pubinsert, "
         "'tables', (select json_agg(json_build_array(t.schemaname, t.tablename)) "
         "from pg_publication_tables t where t.pubname = p.pubname), "
         "'digest', md5(p.oid::text || ':' || coalesce((select string_agg(r.oid::text, ',' "
         "order by r.oid) from pg_publication_rel r join pg_class c on c.oid = r.prrelid "
         "join pg_namespace n on n.oid = c.relnamespace join " +
         wanted +
         " on n.nspname = wanted.schema_name and c.relname = wanted.table_name "
         "where r.prpubid = p.oid), ''))) "
         "from pg_publication p where p.pubname = " +
         publication +
         "), "
         "'partitions', " +
         partitions_query(wanted, publication) +
         ", 'partitioned_columns', (select json_agg(distinct a.attname) from pg_publication p, "
         "pg_attribute a join pg_class c on c.oid = a.attrelid "
         "join pg_namespace n on n.oid = c.relnamespace join " +
         wanted +
         " on n.nspname = wanted.schema_name and c.relname = wanted.table_name "
         "where p.pubname = " +
         publication +
         " and not p.pubviaroot and c.relkind = 'p' and a.attnum > 0 and not a.attisdropped), "
         // Without usage of the schema to_regclass() is an error, and so would be the question.
         "'setup_table_readable', case when has_schema_privilege(to_regnamespace('outrider'), "
         "'usage') then coalesce(has_table_privilege(to_regclass('outrider.slot'), 'select'), "
         "false) else false end, "
         "'column_types', (select json_agg(distinct a.atttypid::int8) from pg_attribute a "
         "join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace "
         "join " +
         wanted +
         " on n.nspname = wanted.schema_name and c.relname = wanted.table_name "
         "where a.attnum > 0 and not a.attisdropped))";
}

std::string lock_query(const Options& options) {
  return "select pg_try_advisory_lock(" + std::string(kLockClass) + ", hashtext(" +
         quote_literal(options.slot) + ")), pg_backend_pid()";
}

std::string setup_query(const Options& options) {
  return "select to_jsonb(s) from outrider.slot s where slot_name = " + quote_literal(options.slot);
}

Result<ServerFacts> parse_facts(std::string_view json) {
  OUTRIDER_TRY(const Json object, parse_object(json));
  ServerFacts facts;
  facts.wal_level = text_of(object, "wal_level");
  facts.server_encoding = text_of(object, "server_encoding");
  facts.in_recovery = truth_of(object, "in_recovery");
  if (const std::int64_t clock_us = number_of(object, "clock"); clock_us != 0) {
    facts.clock = WallTime{std::chrono::microseconds(clock_us)};
  }
  facts.wal_end = lsn_of(object, "wal_end").value_or(Lsn{});
  facts.lock_held = truth_of(object, "lock_held");
  facts.lock_holder = text_of(object, "lock_holder");
  facts.setup_table_readable = truth_of(object, "setup_table_readable");
  if (const auto slot = object.find("slot"); slot != object.end() && slot->is_object()) {
    facts.slot = parse_slot(*slot);
  }
  if (const auto row = object.find("publication"); row != object.end() && row->is_object()) {
    facts.publication = parse_publication(*row);
  }
  if (const auto types = object.find("column_types"); types != object.end() && types->is_array()) {
    for (const Json& type : *types) {
      if (type.is_number_integer()) facts.column_types.push_back(type.get<std::uint32_t>());
    }
  }
  if (const auto rows = object.find("partitions"); rows != object.end() && rows->is_array()) {
    parse_partitions(*rows, facts.partitions);
  }
  if (const auto names = object.find("partitioned_columns");
      names != object.end() && names->is_array()) {
    for (const Json& name : *names) {
      if (name.is_string()) facts.partitioned_columns.push_back(name.get<std::string>());
    }
  }
  return facts;
}

Result<SetupFacts> parse_setup(std::string_view json) {
  OUTRIDER_TRY(const Json object, parse_object(json));
  SetupFacts setup;
  setup.consistent_point = lsn_of(object, "consistent_point").value_or(Lsn{});
  const std::string system_id = text_of(object, "system_identifier");
  std::from_chars(system_id.data(), system_id.data() + system_id.size(), setup.system_id);
  setup.rows_before = number_of(object, "rows_before");
  return setup;
}

}  // namespace outrider::postgres
