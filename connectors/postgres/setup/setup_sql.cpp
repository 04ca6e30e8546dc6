#include "connectors/postgres/setup/setup_sql.h"

#include "connectors/postgres/catalog.h"

#include <fmt/format.h>

#include <iterator>

namespace outrider::postgres {
namespace {

std::string table_oid(const TableName& table) {
  return fmt::format("to_regclass({})", quote_literal(qualified(table)));
}

SetupStep schema_step(const std::string& schema) {
  const std::string name = quote_identifier(schema);
  return {.subject = "schema " + name,
          .present = fmt::format("exists (select from pg_namespace where nspname = {})",
                                 quote_literal(schema)),
          .create = fmt::format("create schema {}", name)};
}

// Rows go out as text: the check counts what a record will hold. 900 000 bytes leave room for key
// and headers below the 1 000 000 of librdkafka's message.max.bytes and the 1 MiB of a broker.
SetupStep table_step(const SetupPlan& plan, const TableName& table) {
  const OutboxColumnNames& columns = plan.columns;
  const std::string payload = quote_identifier(columns.payload);
  const std::string size = plan.payload == PayloadType::Bytea
                               ? fmt::format("octet_length({})", payload)
                               : fmt::format("octet_length({}::text)", payload);
  return {
      .subject = "table " + qualified(table),
      .present = table_oid(table) + " is not null",
      .create = fmt::format(
          "create table {} (\n"
          "  {} uuid primary key,\n"
          "  {} text not null,\n"
          "  {} text not null,\n"
          "  {} text not null,\n"
          "  {} {},\n"
          "  {} jsonb,\n"
          "  {} text,\n"
          "  {} text,\n"
          "  {} timestamptz not null default clock_timestamp(),\n"
          "  constraint outrider_payload_size check ({} <= {})\n"
          ")",
          qualified(table), quote_identifier(columns.id), quote_identifier(columns.aggregatetype),
          quote_identifier(columns.aggregateid), quote_identifier(columns.type), payload,
          to_string(plan.payload), quote_identifier(columns.headers),
          quote_identifier(columns.traceparent), quote_identifier(columns.tracestate),
          quote_identifier(columns.timestamp), size, kPayloadBytesMax)};
}

// True unless the column has that type.
std::string column_differs(const TableName& table, const std::string& column,
                           std::string_view type) {
  return fmt::format(
      "not exists (select from pg_attribute where attrelid = {} and attname = {} "
      "and not attisdropped and atttypid = {}::regtype)",
      table_oid(table), quote_literal(column), quote_literal(type));
}

// The id is made before the insert: RETURNING would ask for SELECT on the table.
std::string emit_statement(const SetupPlan& plan) {
  const OutboxColumnNames& columns = plan.columns;
  return fmt::format(
      "create function outrider.emit(aggregatetype text, aggregateid text, type text,\n"
      "    payload {}, headers jsonb default null)\n"
      "  returns uuid language sql security invoker as $emit$\n"
      "  with made as (select gen_random_uuid() as id),\n"
      "  stored as (\n"
      "    insert into {} ({}, {}, {}, {}, {}, {})\n"
      "    select made.id, emit.aggregatetype, emit.aggregateid, emit.type, emit.payload,\n"
      "      emit.headers from made\n"
      "  )\n"
      "  select id from made\n"
      "  $emit$",
      to_string(plan.payload), qualified(plan.tables.front()), quote_identifier(columns.id),
      quote_identifier(columns.aggregatetype), quote_identifier(columns.aggregateid),
      quote_identifier(columns.type), quote_identifier(columns.payload),
      quote_identifier(columns.headers));
}

SetupStep emit_step(const SetupPlan& plan) {
  const TableName& table = plan.tables.front();
  const OutboxColumnNames& columns = plan.columns;
  const std::string functions =
      "exists (select from pg_proc where proname = 'emit' and pronamespace = "
      "to_regnamespace('outrider')";
  return {
      .subject = "function outrider.emit",
      .present = fmt::format("{} and strpos(prosrc, {}) > 0)", functions,
                             quote_literal("insert into " + qualified(table) + " ")),
      .create = emit_statement(plan),
      .exceptions = {
          {functions + ")", "there is one that does not write to " + qualified(table)},
          {fmt::format("{} or {} or {}", column_differs(table, columns.id, "uuid"),
                       column_differs(table, columns.payload, to_string(plan.payload)),
                       column_differs(table, columns.headers, "jsonb")),
           fmt::format("{} has not the columns {} uuid, {} {} and {} jsonb", qualified(table),
                       columns.id, columns.payload, to_string(plan.payload), columns.headers)}}};
}

SetupStep publication_step(const SetupPlan& plan) {
  return {.subject = "publication " + quote_identifier(plan.publication),
          .present = fmt::format("exists (select from pg_publication where pubname = {})",
                                 quote_literal(plan.publication)),
          .create = fmt::format(
              "create publication {}{}\n"
              "  with (publish = 'insert', publish_via_partition_root = true)",
              quote_identifier(plan.publication),
              plan.tables.empty() ? "" : " for table " + qualified(plan.tables.front()))};
}

// Whether the publication has the table itself, a schema of it, or all tables.
SetupStep membership_step(const SetupPlan& plan, const TableName& table) {
  const std::string publication = quote_literal(plan.publication);
  return {.subject = fmt::format("publication {} with table {}", quote_identifier(plan.publication),
                                 qualified(table)),
          .present = fmt::format(
              "exists (select from pg_publication_tables where pubname = {} and schemaname = {} "
              "and tablename = {}) or exists (select from pg_publication_rel r join "
              "pg_publication p on p.oid = r.prpubid where p.pubname = {} and r.prrelid = {}) or "
              "exists (select from pg_publication where pubname = {} and puballtables)",
              publication, quote_literal(table.schema), quote_literal(table.name), publication,
              table_oid(table), publication),
          .create = fmt::format("alter publication {} add table {}",
                                quote_identifier(plan.publication), qualified(table))};
}

SetupStep slot_table_step() {
  return {.subject = "table \"outrider\".\"slot\"",
          .present = "to_regclass('outrider.slot') is not null",
          .create =
              "create table outrider.slot (\n"
              "  slot_name text primary key,\n"
              "  consistent_point pg_lsn not null,\n"
              "  system_identifier text not null,\n"
              "  timeline integer not null,\n"
              "  rows_before bigint not null,\n"
              "  created_at timestamptz not null default clock_timestamp()\n"
              ")"};
}

void add_grants(const SetupPlan& plan, std::vector<SetupStep>& steps) {
  const std::string role = quote_literal(plan.role);
  const std::string to = " to " + quote_identifier(plan.role);
  const std::string database = quote_identifier(plan.database);
  const auto grant = [&](const std::string& what, std::string present) {
    steps.push_back({.subject = "grant " + what + to,
                     .present = std::move(present),
                     .create = "grant " + what + to});
  };
  grant("connect on database " + database, fmt::format("has_database_privilege({}, {}, 'connect')",
                                                       role, quote_literal(plan.database)));
  grant("usage on schema outrider",
        fmt::format("has_schema_privilege({}, 'outrider', 'usage')", role));
  grant("select on outrider.slot",
        fmt::format("has_table_privilege({}, 'outrider.slot', 'select')", role));
}

std::string guarded(std::string_view subject, std::string_view present, std::string_view then) {
  return fmt::format(
      "\n-- {}\n"
      "select not ({}) as missing \\gset\n"
      "\\if :missing\n"
      "{}"
      "\\endif\n",
      subject, present, then);
}

}  // namespace

std::string_view to_string(PayloadType type) {
  switch (type) {
    case PayloadType::Jsonb:
      return "jsonb";
    case PayloadType::Json:
      return "json";
    case PayloadType::Text:
      return "text";
    case PayloadType::Bytea:
      return "bytea";
  }
  return "";
}

std::vector<SetupStep> setup_steps(const SetupPlan& plan) {
  std::vector<SetupStep> steps = {schema_step("outrider")};
  for (const TableName& table : plan.tables) {
    if (table.schema != "public") steps.push_back(schema_step(table.schema));
    steps.push_back(table_step(plan, table));
  }
  if (!plan.tables.empty()) steps.push_back(emit_step(plan));
  steps.push_back(slot_table_step());
  add_grants(plan, steps);
  steps.push_back(publication_step(plan));
  for (const TableName& table : plan.tables) steps.push_back(membership_step(plan, table));
  return steps;
}

std::string slot_present(const SetupPlan& plan) {
  return fmt::format("exists (select from pg_replication_slots where slot_name = {})",
                     quote_literal(plan.slot));
}

// The parameter "failover" came with Postgres 17; before it the whole statement would not parse.
std::string slot_statement_query(const SetupPlan& plan) {
  return fmt::format(
      "select format('select pg_create_logical_replication_slot(%L, %L%s)', {}, 'pgoutput',\n"
      "  case when current_setting('server_version_num')::int >= 170000\n"
      "  then ', failover => true' else '' end)",
      quote_literal(plan.slot));
}

// The timeline from a WAL file's name is that of now; pg_control's is that of the last checkpoint.
std::string note_slot(const SetupPlan& plan) {
  std::string rows;
  for (const TableName& table : plan.tables) {
    fmt::format_to(std::back_inserter(rows), "{}(select count(*) from {})",
                   rows.empty() ? "" : " + ", qualified(table));
  }
  return fmt::format(
      "insert into outrider.slot (slot_name, consistent_point, system_identifier, timeline,\n"
      "    rows_before)\n"
      "  select slot_name, confirmed_flush_lsn,\n"
      "    (select system_identifier::text from pg_control_system()),\n"
      "    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int,\n"
      "    {}\n"
      "  from pg_replication_slots where slot_name = {}\n"
      "  on conflict (slot_name) do update set consistent_point = excluded.consistent_point,\n"
      "    system_identifier = excluded.system_identifier, timeline = excluded.timeline,\n"
      "    rows_before = excluded.rows_before, created_at = excluded.created_at",
      rows.empty() ? "0" : rows, quote_literal(plan.slot));
}

std::string setup_script(const SetupPlan& plan) {
  std::string script = fmt::format(
      "-- For psql, in the database {}, as its owner with REPLICATION. Safe to repeat.\n"
      "-- Not with --single-transaction: the slot needs a transaction of its own.\n"
      "-- The role {} must exist: create role {} login replication;\n"
      "\\set ON_ERROR_STOP on\n"
      "set client_min_messages = warning;\n",
      quote_identifier(plan.database), quote_identifier(plan.role), quote_identifier(plan.role));
  for (const SetupStep& step : setup_steps(plan)) {
    std::string present = step.present;
    for (const SetupStep::Exception& exception : step.exceptions) {
      present += " or " + exception.when;
    }
    script += guarded(step.subject, present, step.create + ";\n");
  }
  script += guarded("slot " + quote_identifier(plan.slot), slot_present(plan),
                    slot_statement_query(plan) + " \\gexec\n" + note_slot(plan) + ";\n");
  return script;
}

}  // namespace outrider::postgres
