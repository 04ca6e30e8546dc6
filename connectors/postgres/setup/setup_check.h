// What must hold in a database before setup may begin: one query, its answer, the verdict. Pure.
// Used by setup.cpp.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/setup/setup_plan.h"
#include "relay/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outrider::postgres {

/// What the owner's connection sees.
struct DatabaseState {
  struct Role {
    bool can_login = false;
    bool can_replicate = false;
  };
  struct Slot {
    std::string plugin;
    std::string database;
    std::string wal_status;
  };
  /// A table that exists but does not fit.
  struct Misfit {
    TableName table;
    bool is_table = true;
    std::string missing_columns;  ///< `a, b`
  };

  std::string database;
  std::string user;
  std::string wal_level;
  bool in_recovery = false;
  bool may_create = false;  ///< CREATE on the database.
  bool has_schema = false;  ///< The schema outrider is there.
  std::int64_t slots_used = 0;
  std::int64_t slots_max = 0;
  std::optional<Role> role;
  std::optional<Slot> slot;
  std::optional<bool> publication_inserts;  ///< No value: there is no publication.
  std::vector<Misfit> misfits;
};

/// One row.
std::string state_query(const SetupPlan& plan);
/// One row for each table that exists: schema, name, whether it is a table, missing columns.
std::string tables_query(const SetupPlan& plan);
/// One row for each table that the publication does not publish under its own name: its name.
std::string uncovered_query(const SetupPlan& plan);

/// Internal if the answers do not have the form that was asked for.
Result<DatabaseState> read_state(const Rows& state, const Rows& tables);

/// Everything that stands in the way, each with its remedy.
std::vector<Error> check_state(const SetupPlan& plan, const DatabaseState& state);

}  // namespace outrider::postgres
