// Connections to a real Postgres through libpq; used by the registry and by setup.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/options.h"

#include <cstddef>
#include <memory>

namespace outrider::postgres {

/// Opens connections with `dsn`, `password`, `password_file` and `slot` (for the application_name)
/// of the options. One thread. Neither the connection string nor the password is ever part of an
/// error.
class LibpqConnector final : public Connector {
 public:
  explicit LibpqConnector(Options options);
  ~LibpqConnector() override;
  std::unique_ptr<Connection> open(Connection::Kind kind) override;

 private:
  Options options_;
  /// Attempts that did not become ready; told by the connections.
  std::size_t failures_ = 0;
};

}  // namespace outrider::postgres
