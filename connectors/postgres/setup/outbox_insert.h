// One row into an outbox table, as a service writes it; used by `outrider emit`.
#pragma once

#include "connectors/postgres/lsn.h"
#include "connectors/postgres/options.h"
#include "relay/base/error.h"

#include <optional>
#include <string>
#include <vector>

namespace outrider::postgres {

struct ColumnText {
  std::string column;
  std::optional<std::string> text;  ///< As the column's type reads it; none: NULL.
};

struct NewRow {
  TableName table;
  std::string id_column;
  std::string id = {};              ///< Empty: a new UUID.
  std::vector<ColumnText> columns;  ///< The others.
};

struct InsertedRow {
  std::string id;
  Lsn log_end;  ///< Of the database's log just after the commit.
};

/// Inserts the row as a transaction of its own, on a connection of its own as `options` say; blocks
/// until it is committed. Denied, with the grant that mends it, if the role may not.
Result<InsertedRow> insert_row(const Options& options, const NewRow& row);

}  // namespace outrider::postgres
