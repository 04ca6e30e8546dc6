// Postgres for a service: a few connections, and transactions that are tried again. Used by the
// sample services.
#pragma once

#include "relay/base/error.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;
struct pg_result;

namespace outbox {

using outrider::Error;
using outrider::ErrorKind;
using outrider::failure;
using outrider::Result;

/// A value of a statement, as text; without one it is NULL.
using Parameter = std::optional<std::string>;

/// What a statement gave.
class Rows {
 public:
  explicit Rows(pg_result* result);
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  /// NULL has no value.
  std::optional<std::string> value(std::size_t row, int column) const;
  /// NULL is empty.
  std::string text(std::size_t row, int column) const { return value(row, column).value_or(""); }
  /// Of a column of whole numbers; NULL is 0.
  std::int64_t whole(std::size_t row, int column) const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// The transaction that Database::transact() has begun.
class Transaction {
 public:
  /// Runs one statement; $1, $2, … are the parameters. Interrupted: the whole transaction must be
  /// tried again. Unavailable: the server is away or cannot serve now. BadEvent: the statement
  /// cannot be carried out, now or later.
  Result<Rows> run(const std::string& statement, const std::vector<Parameter>& parameters = {});
  /// Runs several statements without parameters; errors as above.
  Result<void> run_script(const std::string& statements);

 private:
  friend class Database;
  explicit Transaction(pg_conn* connection) : connection_(connection) {}
  pg_conn* connection_;
};

/// May be used by many threads at once; each transaction has a connection to itself.
class Database {
 public:
  using Work = std::function<Result<void>(Transaction&)>;

  explicit Database(std::string dsn, std::size_t connections_max = 8);

  /// Carries out `work` in one serializable transaction and commits it. After a conflict with
  /// another transaction `work` runs again, so it must have no effects but on the database and on
  /// what it assigns anew each time. Unavailable also where the connection broke during COMMIT:
  /// then nobody knows whether it is committed, and a repeat must be harmless.
  Result<void> transact(const Work& work);
  /// One round trip, for readiness.
  Result<void> ping();

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  using Connection = std::unique_ptr<pg_conn, Finish>;

  Result<Connection> borrow();
  void give_back(Connection connection);
  Result<void> attempt(pg_conn* connection, const Work& work);

  const std::string dsn_;
  const std::size_t connections_max_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Connection> idle_;
  std::size_t borrowed_ = 0;
};

}  // namespace outbox
