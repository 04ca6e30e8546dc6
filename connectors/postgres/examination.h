// What is wrong, or may become so, with a server that a relay is to read from: one more query, its
// answer, the verdict. Pure. Used by setup/examine.cpp for `outrider check --connect`.
#pragma once

#include "connectors/event.h"
#include "connectors/finding.h"
#include "connectors/postgres/catalog.h"
#include "connectors/postgres/options.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::postgres {

/// How a publication sends a configured table; from pg_publication_tables of Postgres 15 and later.
struct PublishedTable {
  TableName name;
  std::string row_filter;            ///< Empty: all rows.
  std::vector<std::string> columns;  ///< Empty: not known.
};

/// A configured table that exists.
struct TableFacts {
  Table described;  ///< As the relay will see it, if the publication sends all columns.
  bool is_table = true;
  bool is_unlogged = false;

  TableName name() const { return {described.schema, described.name}; }
};

/// What the relay's mapper asks of a table before its first row.
using TableRule = std::function<Result<void>(const Table&)>;

/// What the relay's role sees of the server besides ServerFacts.
struct Surroundings {
  int version = 0;  ///< As server_version_num.
  std::string version_text;
  std::string database;
  std::string role;
  bool can_replicate = false;
  bool is_superuser = false;
  std::int64_t backend_pid = 0;
  bool is_encrypted = false;
  bool is_local = true;  ///< A Unix socket, or a loopback address.
  std::int64_t slots_used = 0;
  std::int64_t slots_max = 0;
  std::int64_t senders_used = 0;
  std::int64_t senders_max = 0;
  std::int64_t keep_megabytes = -1;    ///< max_slot_wal_keep_size; -1: no limit.
  std::int64_t idle_slot_seconds = 0;  ///< idle_replication_slot_timeout; 0: none, or before 18.
  std::vector<TableFacts> tables;
  std::vector<PublishedTable> published;
};

/// One row, one column: the surroundings as JSON.
std::string surroundings_query(const Options& options);
/// Interrupted if it is not what was asked for.
Result<Surroundings> parse_surroundings(std::string_view json);

/// All that is known.
struct ServerSights {
  const Options& options;
  const TableRule& table_rule;
  const Surroundings& surroundings;
  const ServerFacts& facts;
  std::string sslmode;           ///< In effect.
  std::int64_t known_pid = 0;    ///< Of the server process, as told when the connection was made.
  Duration clock_difference{0};  ///< How far the server's clock is ahead.
  Duration clock_doubt{0};       ///< How far that may be wrong.
  /// How much log the server wrote in how much time; no time: not measured.
  std::uint64_t written_bytes = 0;
  Duration written_in{0};
};

/// `PostgreSQL 15.18, database "orders", role "outrider"`.
std::string describe_server(const Surroundings& surroundings);
/// Everything, errors first.
Findings examine(const ServerSights& sights);

}  // namespace outrider::postgres
