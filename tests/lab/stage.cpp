#include "tests/lab/stage.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyPatience = 60s;

KafkaServer::Settings with_partitions(KafkaServer::Settings settings) {
  settings.emplace("num.partitions", "3");
  return settings;
}

/// So that the server whose start is waited for next is named first.
std::filesystem::path announced(const std::string& what, std::filesystem::path folder) {
  say(what);
  return folder;
}

}  // namespace

void say(const std::string& what) { fmt::print(stderr, "== {}\n", what); }

Stage::Stage(const KafkaServer::Settings& kafka, const PostgresServer::Settings& postgres)
    : postgres_(
          announced("starting Postgres in " + folder_.path().string(), folder_.path() / "postgres"),
          postgres),
      kafka_(announced("starting Kafka", folder_.path() / "kafka"), with_partitions(kafka)) {}

std::unique_ptr<RelayProcess> Stage::add_relay(const std::string& database,
                                               const std::string& delivery,
                                               const std::string& payload) {
  postgres_.create_database(database);
  const std::string slot = slot_of(database);
  auto relay = std::make_unique<RelayProcess>(RelayProcess::Options{
      .folder = folder_.path(),
      .name = database,
      .pipelines = fmt::format(
          "  {}:\n"
          "    delivery: {}\n"
          "    source: {{ postgres: {{ dsn: \"{}\", slot: {}, publication: {} }} }}\n"
          "    sink: {{ kafka: {{ bootstrap_servers: \"{}\" }} }}\n",
          database, delivery, postgres_.dsn(database, "relay"), slot, slot, kafka_.bootstrap())});
  relay->command(
      {"setup", "--dsn", postgres_.dsn(database), "--role", "relay", "--payload", payload});
  return relay;
}

void Stage::start(RelayProcess& relay) {
  relay.start();
  const bool ready =
      eventually(kReadyPatience, [&] { return !relay.is_running() || relay.is_ready(); });
  if (!ready || !relay.is_running()) {
    throw std::runtime_error("the relay did not become ready:\n" + relay.log());
  }
}

}  // namespace outrider::testing
