// A real Postgres in a folder of its own; used by tests and lab.
#pragma once

#include "tests/support/process.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace outrider::testing {

/// One cluster on a free port of 127.0.0.1, set up for logical replication, not durable against
/// power loss. Superuser `postgres`, role `relay` (LOGIN, REPLICATION), no passwords.
class PostgresServer {
 public:
  using Settings = std::map<std::string, std::string>;

  /// Makes the cluster in `folder` and starts it. `version`: 15 is Debian's; others are those that
  /// `./dev setup` fetched, by their major number.
  explicit PostgresServer(std::filesystem::path folder, const Settings& settings = {},
                          const std::string& version = "15");
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start();
  /// `pg_ctl stop -m fast`: ends when the server is down.
  void stop_fast();
  /// kill -9 of the postmaster; its children follow.
  void kill_hard();

  /// Stops it, copies the cluster aside or back, and starts it again.
  void take_snapshot();
  void restore_snapshot();
  /// Starts it again in recovery, where it stays.
  void become_standby();

  std::string dsn(const std::string& database, const std::string& user = "postgres") const;
  int port() const { return port_; }
  void create_database(const std::string& name);
  /// Changes a setting of the running server; without a value it is the default again. The server
  /// takes it soon, not at once: wait until it has an effect.
  void set(const std::string& setting, const std::optional<std::string>& value) const;

 private:
  std::filesystem::path folder_;
  std::string binaries_;
  int port_;
  std::optional<Process> process_;
};

}  // namespace outrider::testing
