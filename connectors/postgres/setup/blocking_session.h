// A blocking connection of a database's owner, or of the relay's role; used by the files of setup/.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/libpq_connection.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace outrider::postgres {

/// One thread. Errors of the server end with its code, see sqlstate_of().
class BlockingSession {
 public:
  explicit BlockingSession(std::string dsn);
  /// The relay's own role instead, with its password.
  explicit BlockingSession(Options options);

  /// Gives up after ten seconds.
  Result<void> connect();

  /// From now on: a statement that takes longer is cancelled, and one that the server does not
  /// answer soon after is given up. Without a value there is no limit, as at first.
  Result<void> limit_queries(std::optional<std::chrono::seconds> longest);
  /// Runs one statement as a transaction of its own.
  Result<Rows> query(const std::string& sql);
  /// See Connection.
  int backend_pid() const { return connection_->backend_pid(); }
  std::string sslmode() const { return connection_->sslmode(); }

 private:
  void wait(TimePoint until) const;

  LibpqConnector connector_;
  std::unique_ptr<Connection> connection_;
  std::optional<std::chrono::seconds> longest_;
};

}  // namespace outrider::postgres
