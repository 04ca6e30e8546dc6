#include "tests/support/sample_services.h"

#include "tests/support/kafka_consumer.h"

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;
constexpr int kPartitions = 3;

/// So that the services find their databases.
PostgresServer& with_databases(PostgresServer& postgres) {
  for (const char* database : {"user_db", "order_db"}) postgres.create_database(database);
  return postgres;
}

}  // namespace

ServiceProcess::ServiceProcess(const std::filesystem::path& program,
                               const std::filesystem::path& folder,
                               std::vector<std::string> settings)
    : program_(program),
      log_(folder / (program.filename().string() + ".log")),
      settings_(std::move(settings)),
      port_(free_port()) {
  settings_.push_back("LISTEN=127.0.0.1:" + std::to_string(port_));
}

void ServiceProcess::start() {
  std::vector<std::string> command = {"/usr/bin/env"};
  command.insert(command.end(), settings_.begin(), settings_.end());
  command.push_back(program_.string());
  process_.emplace(Process::Options{.command = command, .log = log_});
  const bool ready = eventually(
      kPatience, [&] { return !process_->is_running() || client().get("/readyz").status == 200; });
  if (!ready || !process_->is_running()) {
    throw std::runtime_error(program_.string() + " did not become ready:\n" + log());
  }
}

void ServiceProcess::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(10s);
}

int ServiceProcess::stop() {
  process_->signal(SIGTERM);
  const std::optional<int> code = process_->wait(20s);
  if (!code) throw std::runtime_error(program_.string() + " did not stop:\n" + log());
  return *code;
}

std::string ServiceProcess::log() const {
  std::ifstream file(log_);
  return {std::istreambuf_iterator<char>(file), {}};
}

SampleServices::SampleServices(const std::filesystem::path& folder, PostgresServer& postgres,
                               const KafkaServer& kafka)
    : postgres_(with_databases(postgres)),
      kafka_(kafka),
      relay_({.folder = folder, .pipelines = pipeline("user") + pipeline("order")}),
      users_(OUTRIDER_USER_SERVICE, folder, {"DATABASE_URL=" + postgres.dsn("user_db")}),
      orders_(OUTRIDER_ORDER_SERVICE, folder,
              {"DATABASE_URL=" + postgres.dsn("order_db"),
               "KAFKA_BOOTSTRAP_SERVERS=" + kafka.bootstrap()}) {
  for (const std::string name : {"user", "order"}) {
    kafka.create_topic("outbox.event." + name, kPartitions);
    relay_.command(
        {"setup", "--pipeline", name, "--dsn", postgres.dsn(name + "_db"), "--role", "relay"});
  }
  users_.start();
  orders_.start();
  relay_.start();
  const bool ready =
      eventually(kPatience, [&] { return !relay_.is_running() || relay_.is_ready(); });
  if (!ready || !relay_.is_running()) {
    throw std::runtime_error("the relay did not become ready:\n" + relay_.log());
  }
}

std::string SampleServices::pipeline(const std::string& name) const {
  return "  " + name + ":\n    source: { postgres: { dsn: \"" +
         postgres_.dsn(name + "_db", "relay") +
         "\" } }\n    sink: { kafka: { bootstrap_servers: \"" + kafka_.bootstrap() + "\" } }\n";
}

bool SampleServices::copies_are_equal() const {
  const auto all = [](Sql sql, const std::string& table) {
    return sql.rows("select id, name, email, version from " + table + " order by id");
  };
  return all(order_db(), "customer") == all(user_db(), "users") &&
         order_db().value(
             "select count(*) from orders join customer on customer.id = customer_id "
             "where status = 'pending'") == "0";
}

Verdict SampleServices::judge() const {
  Verdict verdict;
  for (const std::string name : {"user", "order"}) {
    verdict += testing::judge(postgres_.dsn(name + "_db"), name,
                              read_topic(kafka_.bootstrap(), "outbox.event." + name), "version");
  }
  return verdict;
}

}  // namespace outrider::testing
