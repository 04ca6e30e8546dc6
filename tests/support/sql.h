// A plain connection to Postgres for tests and lab; shares no code with the relay.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct pg_conn;

namespace outrider::testing {

/// One libpq connection. Errors are std::runtime_error with the server's message.
class Sql {
 public:
  explicit Sql(const std::string& dsn);

  /// Runs one or more statements; the rows of the last one. NULL is "".
  std::vector<std::vector<std::string>> rows(const std::string& statements);
  /// The first column of the first row; empty if there is none.
  std::string value(const std::string& statements);
  void run(const std::string& statements) { static_cast<void>(rows(statements)); }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace outrider::testing
