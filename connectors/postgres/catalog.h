// What the catalogs of a server say about slot, publication and tables: the one query, and its
// answer as facts. Pure. Used by the Postgres source.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/lsn.h"
#include "connectors/postgres/options.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::postgres {

/// A row of pg_replication_slots.
struct SlotFacts {
  std::string plugin;
  std::string database;
  bool active = false;
  std::int64_t active_pid = 0;     ///< 0 if not active.
  std::string active_application;  ///< application_name of that walsender; empty if not known.
  Lsn confirmed_flush;
  std::optional<Lsn> restart;
  bool two_phase = false;           ///< Postgres 14 and later.
  std::string wal_status;           ///< reserved, extended, unreserved, lost.
  std::string invalidation_reason;  ///< Postgres 17 and later; empty if valid.
  std::optional<std::int64_t> safe_wal_bytes;
  std::optional<bool> failover;  ///< Kept over a failover; Postgres 17 and later.
};

/// A partition, however deep, that holds rows of a configured table.
struct PartitionFacts {
  TableName name;
  TableName root;
  /// The publication names it, but neither its root nor all tables: it would not know the next one.
  bool is_published_alone = false;
};

struct PublicationFacts {
  bool publishes_insert = false;
  std::vector<TableName> tables;
  /// Of the publication's oid and the membership of each configured table.
  std::uint64_t digest = 0;
};

/// What `outrider setup` noted when it created the slot.
struct SetupFacts {
  Lsn consistent_point;
  std::uint64_t system_id = 0;
  std::int64_t rows_before = 0;  ///< Rows in the outbox tables then, an upper bound.
};

struct ServerFacts {
  std::string wal_level;
  std::string server_encoding;
  bool in_recovery = false;
  std::optional<WallTime> clock;  ///< The server's, when it answered.
  Lsn wal_end;
  bool lock_held = false;   ///< Someone holds Outrider's advisory lock for the slot.
  std::string lock_holder;  ///< `PID 4711 (outrider)`; empty if nobody does.
  std::optional<SlotFacts> slot;
  std::optional<PublicationFacts> publication;
  bool setup_table_readable = false;
  std::vector<std::uint32_t> column_types;  ///< Of all columns of the configured tables.
  std::vector<PartitionFacts> partitions;
  /// Of the configured tables that are published through their partitions only.
  std::vector<std::string> partitioned_columns;
};

/// Quotes text as an SQL literal without escapes: the server runs with standard_conforming_strings,
/// and replication commands know no other form.
std::string quote_literal(std::string_view text);
std::string quote_identifier(std::string_view name);
/// `"public"."outbox"`
std::string qualified(const TableName& table);
/// The tables as rows of `wanted(schema_name, table_name)`, to join with.
std::string wanted_tables(const std::vector<TableName>& tables);
/// Whether the row `r` of pg_roles may replicate. Amazon RDS grants that through membership in
/// rds_replication.
inline constexpr std::string_view kMayReplicate =
    "(r.rolreplication or r.rolsuper or exists (select from pg_roles g "
    "where g.rolname = 'rds_replication' and pg_has_role(r.oid, g.oid, 'member')))";

/// What a query answered that gives one row with one column. Interrupted if it did not.
Result<std::string> single_value(const Rows& rows);

/// One row, one column: the facts as JSON. For an ordinary connection to the slot's database.
std::string facts_query(const Options& options);
/// Tries to take the lock of the slot and tells the backend's pid: one row, two columns.
std::string lock_query(const Options& options);
/// One row, one column, as JSON; no row if setup knows nothing of the slot.
std::string setup_query(const Options& options);

/// Reads the answer of facts_query(). Interrupted if it is not what was asked for.
Result<ServerFacts> parse_facts(std::string_view json);
Result<SetupFacts> parse_setup(std::string_view json);

}  // namespace outrider::postgres
