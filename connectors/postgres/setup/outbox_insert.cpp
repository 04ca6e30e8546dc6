#include "connectors/postgres/setup/outbox_insert.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/blocking_session.h"
#include "connectors/postgres/setup/setup_sql.h"
#include "connectors/postgres/sqlstate.h"

#include <string_view>
#include <utility>

namespace outrider::postgres {
namespace {

constexpr std::string_view kUndefinedTable = "42P01";

Result<std::string> single_text(BlockingSession& session, const std::string& query) {
  OUTRIDER_TRY(const Rows rows, session.query(query));
  if (rows.rows.empty() || rows.rows.front().empty()) return "";
  return rows.rows.front().front().value_or("");
}

// Literals without a type: each is read as its column's type reads text.
std::string insert_statement(const NewRow& row, const std::string& id) {
  std::string names = quote_identifier(row.id_column);
  std::string values = quote_literal(id);
  for (const ColumnText& column : row.columns) {
    names += ", " + quote_identifier(column.column);
    values += ", " + (column.text ? quote_literal(*column.text) : "null");
  }
  return "insert into " + qualified(row.table) + " (" + names + ") values (" + values + ")";
}

Error explain(Error error, BlockingSession& session, const NewRow& row) {
  if (error.kind == ErrorKind::Denied) {
    const Result<std::string> role = single_text(session, "select quote_ident(current_user)");
    error.hint = "give the --dsn of a role that may insert, such as the service's own, or: grant " +
                 ("insert on " + qualified(row.table)) + " to " + role.value_or("…");
  } else if (error.kind == ErrorKind::Interrupted) {
    if (sqlstate_of(error) == kUndefinedTable) {
      error.hint =
          "`outrider setup` makes it; one of another name stands under "
          "source.postgres.tables";
    }
    // What the table refuses, it refuses again.
    error.kind = ErrorKind::Refused;
  }
  return std::move(error).within("insert into " + qualified(row.table));
}

}  // namespace

Result<InsertedRow> insert_row(const Options& options, const NewRow& row) {
  BlockingSession session(options);
  if (Result<void> connected = session.connect(); !connected) {
    return std::unexpected(std::move(connected.error()).within("connect to the database"));
  }
  // Triggers and defaults of the table are a service's own.
  OUTRIDER_TRY(session.query("reset search_path"));
  InsertedRow inserted{.id = row.id, .log_end = {}};
  if (inserted.id.empty()) {
    OUTRIDER_TRY(inserted.id, single_text(session, "select pg_catalog.gen_random_uuid()"));
  }
  if (Result<Rows> done = session.query(insert_statement(row, inserted.id)); !done) {
    return std::unexpected(explain(std::move(done.error()), session, row));
  }
  OUTRIDER_TRY(const std::string end,
               single_text(session, "select pg_catalog.pg_current_wal_insert_lsn()"));
  OUTRIDER_TRY(inserted.log_end, parse_lsn(end));
  return inserted;
}

}  // namespace outrider::postgres
