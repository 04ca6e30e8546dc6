// Connections of a relay to the simulated Postgres, behind connectors/postgres/connection.h; used
// by the simulated server.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/options.h"
#include "connectors/postgres/warning_buffer.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/postgres_link.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace outrider::simulation {

class PostgresServer;

/// Does what libpq_connection.cpp does with libpq. Aborts if the order of calls in connection.h is
/// broken.
class PostgresClient final : public postgres::Connection {
 public:
  PostgresClient(Environment& environment, PostgresServer& server, int relay, Kind kind,
                 const postgres::Options& options)
      : environment_(environment), server_(server), relay_(relay), kind_(kind), options_(options) {}
  ~PostgresClient() override;
  PostgresClient(const PostgresClient&) = delete;
  PostgresClient& operator=(const PostgresClient&) = delete;

  Result<bool> connect() override;
  Result<void> query(std::string_view sql) override;
  Result<std::optional<postgres::Rows>> result() override;
  Result<std::optional<std::string_view>> read_copy() override;
  Result<void> write_copy(std::string_view bytes) override;
  void end_copy() override;
  void set_low_watermark(bool behind) override;
  Wake::Descriptor interest() const override;
  Result<void> check() override;
  int server_version() const override;
  int backend_pid() const override { return 0; }       // No source asks for it,
  std::string sslmode() const override { return ""; }  // nor for this.
  std::vector<std::string> take_warnings() override { return warnings_.take(); }
  Result<std::string> escape_literal(std::string_view text) const override;
  Result<std::string> escape_identifier(std::string_view name) const override;

 private:
  enum class State { New, Connecting, Idle, Asking, Copying };

  /// The next message that is no warning and no end, if one is complete.
  PostgresLink::FromServer* parse();
  /// Reads from the socket once.
  void receive();

  Environment& environment_;
  PostgresServer& server_;
  const int relay_;
  const Kind kind_;
  const postgres::Options& options_;  // The connector's.
  std::shared_ptr<PostgresLink> link_;
  int fd_ = -1;
  State state_ = State::New;
  std::optional<Error> failed_;  // What the server said before it ended it.
  std::optional<Error> ended_;   // All was read that ever comes.
  std::unique_ptr<std::string> copied_;
  postgres::WarningBuffer warnings_;
};

class SimulatedConnector final : public postgres::Connector {
 public:
  SimulatedConnector(Environment& environment, PostgresServer& server, int relay,
                     postgres::Options options)
      : environment_(environment), server_(server), relay_(relay), options_(std::move(options)) {}

  std::unique_ptr<postgres::Connection> open(postgres::Connection::Kind kind) override {
    return std::make_unique<PostgresClient>(environment_, server_, relay_, kind, options_);
  }

 private:
  Environment& environment_;
  PostgresServer& server_;
  const int relay_;
  const postgres::Options options_;
};

}  // namespace outrider::simulation
