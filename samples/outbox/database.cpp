#include "samples/outbox/database.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace outbox {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 5s;
constexpr int kTriesMost = 12;

// A connection that is lost is noticed in seconds, and a statement cannot hang for ever.
pg_conn* connect(const std::string& dsn) {
  const std::array keywords = {"dbname", "connect_timeout", "tcp_user_timeout", "options",
                               static_cast<const char*>(nullptr)};
  const std::array values = {dsn.c_str(), "3", "5000",
                             "-c statement_timeout=10s -c idle_in_transaction_session_timeout=10s",
                             static_cast<const char*>(nullptr)};
  constexpr int kExpandDbname = 1;
  return PQconnectdbParams(keywords.data(), values.data(), kExpandDbname);
}

// See the appendix "PostgreSQL Error Codes".
ErrorKind kind_of(std::string_view sqlstate) {
  // serialization_failure, deadlock_detected: the same transaction may succeed next time.
  if (sqlstate == "40001" || sqlstate == "40P01") return ErrorKind::Interrupted;
  // data exception, integrity violation, no such name or privilege: it will fail again.
  for (const std::string_view statement_is_wrong : {"21", "22", "23", "42"}) {
    if (sqlstate.starts_with(statement_is_wrong)) return ErrorKind::BadEvent;
  }
  return ErrorKind::Unavailable;
}

std::string line_of(const char* message) {
  std::string line(message);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

Error error_of(const pg_conn* connection, const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return {kind_of(state == nullptr ? "" : state),
          "Postgres: " + line_of(PQerrorMessage(connection))};
}

bool succeeded(const pg_result* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

void pause_after(int tries) {
  thread_local std::minstd_rand random(std::random_device{}());
  const int most_ms = 2 << std::min(tries, 6);
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::uniform_int_distribution(1, most_ms)(random)));
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result) {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }

std::optional<std::string> Rows::value(std::size_t row, int column) const {
  const int at = static_cast<int>(row);
  if (PQgetisnull(result_.get(), at, column) != 0) return std::nullopt;
  return std::string(PQgetvalue(result_.get(), at, column),
                     static_cast<std::size_t>(PQgetlength(result_.get(), at, column)));
}

std::int64_t Rows::whole(std::size_t row, int column) const {
  const std::string digits = text(row, column);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Result<Rows> Transaction::run(const std::string& statement,
                              const std::vector<Parameter>& parameters) {
  std::vector<const char*> values;
  for (const Parameter& parameter : parameters) {
    // It would be cut off there without a word.
    if (parameter && parameter->contains('\0')) {
      return failure(ErrorKind::BadEvent, "Postgres stores no zero byte in a text");
    }
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  pg_result* const result =
      PQexecParams(connection_, statement.c_str(), static_cast<int>(values.size()), nullptr,
                   values.data(), nullptr, nullptr, 0);
  Rows rows(result);
  if (!succeeded(result)) return std::unexpected(error_of(connection_, result));
  return rows;
}

Result<void> Transaction::run_script(const std::string& statements) {
  pg_result* const result = PQexec(connection_, statements.c_str());
  const Rows last(result);
  if (!succeeded(result)) return std::unexpected(error_of(connection_, result));
  return {};
}

Database::Database(std::string dsn, std::size_t connections_max)
    : dsn_(std::move(dsn)), connections_max_(connections_max) {}

void Database::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

Result<Database::Connection> Database::borrow() {
  std::unique_lock lock(mutex_);
  const bool may =
      returned_.wait_for(lock, kPatience, [&] { return borrowed_ < connections_max_; });
  if (!may) return failure(ErrorKind::Unavailable, "every database connection is in use");
  ++borrowed_;
  Connection connection;
  if (!idle_.empty()) {
    connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  lock.unlock();
  connection.reset(connect(dsn_));
  if (PQstatus(connection.get()) == CONNECTION_OK) {
    PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
    return connection;
  }
  Error error{ErrorKind::Unavailable, "Postgres: " + line_of(PQerrorMessage(connection.get()))};
  give_back(nullptr);
  return std::unexpected(std::move(error));
}

void Database::give_back(Connection connection) {
  const bool is_usable = connection && PQstatus(connection.get()) == CONNECTION_OK &&
                         PQtransactionStatus(connection.get()) == PQTRANS_IDLE;
  const std::scoped_lock lock(mutex_);
  --borrowed_;
  if (is_usable) {
    idle_.push_back(std::move(connection));
  } else {
    // Where one connection broke, those that lie idle since before are broken, too.
    idle_.clear();
  }
  returned_.notify_one();
}

Result<void> Database::attempt(pg_conn* connection, const Work& work) {
  Transaction transaction(connection);
  OUTRIDER_TRY(transaction.run("begin isolation level serializable"));
  if (Result<void> done = work(transaction); !done) {
    static_cast<void>(transaction.run("rollback"));
    return done;
  }
  const bool was_failed = PQtransactionStatus(connection) == PQTRANS_INERROR;
  OUTRIDER_TRY(transaction.run("commit"));
  // COMMIT of a failed transaction answers ROLLBACK, without an error.
  if (was_failed) return failure(ErrorKind::Internal, "a failed statement was ignored");
  return {};
}

Result<void> Database::transact(const Work& work) {
  for (int tries = 0;; ++tries) {
    OUTRIDER_TRY(Connection connection, borrow());
    bool has_begun = false;
    Result<void> done = attempt(connection.get(), [&](Transaction& transaction) {
      has_begun = true;
      return work(transaction);
    });
    give_back(std::move(connection));
    if (done) return {};
    // A connection that lay idle may be gone; that says nothing about the server.
    const bool is_stale = !has_begun && tries == 0 && done.error().kind == ErrorKind::Unavailable;
    const bool again = is_stale || done.error().kind == ErrorKind::Interrupted;
    if (!again || tries + 1 == kTriesMost) return done;
    pause_after(tries);
  }
}

Result<void> Database::ping() {
  return transact([](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(transaction.run("select 1"));
    return {};
  });
}

}  // namespace outbox
