#include "tests/support/sql.h"

#include <libpq-fe.h>

#include <stdexcept>

namespace outrider::testing {

void Sql::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

Sql::Sql(const std::string& dsn) : connection_(PQconnectdb(dsn.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
}

std::vector<std::vector<std::string>> Sql::rows(const std::string& statements) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexec(connection_.get(), statements.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()) + ("in: " + statements));
  }
  std::vector<std::vector<std::string>> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    std::vector<std::string>& columns = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      columns.emplace_back(PQgetvalue(result.get(), row, column),
                           static_cast<std::size_t>(PQgetlength(result.get(), row, column)));
    }
  }
  return rows;
}

std::string Sql::value(const std::string& statements) {
  const auto found = rows(statements);
  return found.empty() || found[0].empty() ? std::string() : found[0][0];
}

}  // namespace outrider::testing
