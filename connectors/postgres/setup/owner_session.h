// A blocking connection of a database's owner; used by setup.cpp, once per run of the command.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/libpq_connection.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <memory>
#include <string>

namespace outrider::postgres {

/// One thread. Errors of the server end with its code, see sqlstate_of().
class OwnerSession {
 public:
  explicit OwnerSession(std::string dsn);
  /// The relay's own role instead, with its password.
  explicit OwnerSession(Options options);

  /// Gives up after ten seconds.
  Result<void> connect();

  /// Runs one statement as a transaction of its own, without a limit in time unless
  /// statement_timeout was set.
  Result<Rows> query(const std::string& sql);

 private:
  void wait(TimePoint until) const;

  LibpqConnector connector_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace outrider::postgres
