// Both sample services with their databases and the relay beside them, as users run them. Used by
// tests and lab.
#pragma once

#include "tests/support/http_client.h"
#include "tests/support/kafka_server.h"
#include "tests/support/outbox_load.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/relay_process.h"
#include "tests/support/sql.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace outrider::testing {

/// One service. Errors are exceptions.
class ServiceProcess {
 public:
  /// `settings`: NAME=value. Its log is <folder>/<program's name>.log.
  ServiceProcess(const std::filesystem::path& program, const std::filesystem::path& folder,
                 std::vector<std::string> settings);

  /// Starts it and waits until it is ready.
  void start();
  void kill_hard();
  /// SIGTERM, and waits; the exit code.
  int stop();
  int port() const { return port_; }
  const std::filesystem::path& program() const { return program_; }
  HttpClient client() const { return HttpClient(port_); }
  std::string log() const;

 private:
  std::filesystem::path program_;
  std::filesystem::path log_;
  std::vector<std::string> settings_;
  int port_;
  std::optional<Process> process_;
};

/// Databases user_db and order_db on the server, both services, and one relay with two pipelines.
class SampleServices {
 public:
  static constexpr const char* kUserTopic = "outbox.event.user";
  static constexpr const char* kOrderTopic = "outbox.event.order";

  /// Sets all up and starts all. The servers must live longer.
  SampleServices(const std::filesystem::path& folder, PostgresServer& postgres,
                 const KafkaServer& kafka);

  ServiceProcess& users() { return users_; }
  const ServiceProcess& users() const { return users_; }
  ServiceProcess& orders() { return orders_; }
  const ServiceProcess& orders() const { return orders_; }
  RelayProcess& relay() { return relay_; }
  Sql user_db() const { return Sql(postgres_.dsn("user_db")); }
  Sql order_db() const { return Sql(postgres_.dsn("order_db")); }

  /// True if the order service's customers are the user service's users, and no order waits for
  /// one of them.
  bool copies_are_equal() const;
  /// The outboxes of both services against their topics. Out of order: a version of an aggregate
  /// after a later one.
  Verdict judge() const;

 private:
  std::string pipeline(const std::string& name) const;

  const PostgresServer& postgres_;
  const KafkaServer& kafka_;
  RelayProcess relay_;
  ServiceProcess users_;
  ServiceProcess orders_;
};

}  // namespace outrider::testing
