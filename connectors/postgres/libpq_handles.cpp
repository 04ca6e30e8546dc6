#include "connectors/postgres/libpq_handles.h"

#include "connectors/postgres/sqlstate.h"

#include <fmt/format.h>

#include <string>

namespace outrider::postgres {

std::string_view result_field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

Error result_error(const PGresult* result) {
  const std::string_view message = result_field(result, PG_DIAG_MESSAGE_PRIMARY);
  // Without fields it is libpq's own: the connection broke.
  if (message.empty()) return sql_error(PQresultErrorMessage(result), "");
  std::string text(message);
  const std::string_view detail = result_field(result, PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) text += fmt::format(" ({})", detail);
  Error error = sql_error(text, result_field(result, PG_DIAG_SQLSTATE));
  const std::string_view hint = result_field(result, PG_DIAG_MESSAGE_HINT);
  if (!hint.empty()) error.hint = hint;
  return error;
}

Rows copy_rows(const PGresult* result) {
  Rows rows;
  const int columns = PQnfields(result);
  rows.columns = static_cast<std::size_t>(columns);
  rows.rows.resize(static_cast<std::size_t>(PQntuples(result)));
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const int at = static_cast<int>(row);
    for (int column = 0; column < columns; ++column) {
      auto& value = rows.rows[row].emplace_back();
      if (PQgetisnull(result, at, column) != 0) continue;
      value.emplace(PQgetvalue(result, at, column),
                    static_cast<std::size_t>(PQgetlength(result, at, column)));
    }
  }
  return rows;
}

}  // namespace outrider::postgres
