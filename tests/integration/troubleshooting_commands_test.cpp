// What commands of the program say when they cannot do it, and a relay that cannot begin, against
// deploy/TROUBLESHOOTING.md.
#include "tests/integration/troubleshooting_page.h"
#include "tests/integration/world.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

/// A pipeline that streams.
World& running() {
  static World world = [] {
    World fresh;
    fresh.setup();
    fresh.start();
    fresh.wait_state("streaming");
    return fresh;
  }();
  return world;
}

/// One that was set up, and has streamed, and was stopped.
World& stopped() {
  static World world = [] {
    World fresh;
    fresh.setup();
    fresh.start();
    fresh.emit(1);
    fresh.wait_delivered(1);
    fresh.stop();
    return fresh;
  }();
  return world;
}

World configured() {
  World world;
  world.configure();
  return world;
}

/// A configuration without servers, with this under `http:`.
class Offline {
 public:
  explicit Offline(const std::string& http) {
    std::ofstream(file()) << "version: 1\nlog: { format: text }\nhttp: { " << http
                          << " }\npipelines: { main: { source: { postgres: { dsn: 'host=127.0.0.1 "
                             "port=1 dbname=shop user=relay' } }, sink: { kafka: { "
                             "bootstrap_servers: '127.0.0.1:1' } } } }\n";
  }
  std::filesystem::path file() const { return folder_.path() / "outrider.yaml"; }
  std::filesystem::path folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

void expect_row_of_http(const std::vector<std::string>& words, const std::string& http) {
  const Offline offline(http);
  expect_row(outrider(words, offline.file()));
}

std::string address_of(int port) { return "listen: '127.0.0.1:" + std::to_string(port) + "'"; }

TEST(AdminPort, ThePortIsTaken) { expect_row_of_http({"run"}, address_of(running().relay_port())); }

TEST(AdminPort, TheAddressIsNotOfThisMachine) {
  expect_row_of_http({"run"}, "listen: '192.0.2.1:9847'");
}

TEST(AdminPort, TheFilesOfTLSAreNone) {
  const TemporaryFolder folder;
  const std::string web = (folder.path() / "web.yaml").string();
  std::ofstream(web) << "tls_server_config: { cert_file: web.yaml, key_file: web.yaml }\n";
  expect_row_of_http({"run"}, "listen: '127.0.0.1:0', web_config_file: '" + web + "'");
}

TEST(AdminPort, NoRelayAnswers) { expect_row_of_http({"status"}, address_of(free_port())); }

TEST(AdminPort, HTTPIsTurnedOff) { expect_row_of_http({"status"}, "listen: ''"); }

TEST(AdminPort, ThePortIsAny) { expect_row_of_http({"status"}, "listen: '127.0.0.1:0'"); }

TEST(AdminPort, TheRelayHasNoSuchPipeline) {
  expect_row(outrider({"status", "--pipeline", "other"}, running().configuration()));
}

TEST(AdminPort, APipelineIsNotReady) {
  World world;
  world.options().dsn = " port=1";
  world.configure();
  world.start();
  world.wait_reason("Connection refused");
  expect_row(outrider({"healthcheck", "--ready"}, world.configuration()));
}

TEST(Commands, TheFileHasSeveralPipelines) {
  World world;
  world.add_pipeline("second");
  world.configure();
  expect_row(outrider({"checkpoint", "show"}, world.configuration()));
}

TEST(Commands, TheFileHasNoSuchPipeline) {
  expect_row(outrider({"checkpoint", "show", "--pipeline", "other"}, running().configuration()));
}

TEST(Commands, ARelayIsActive) {
  expect_row(outrider({"checkpoint", "accept-gap"}, running().configuration()));
}

TEST(Commands, ARelayIsActiveWhileAPipelineIsTakenOut) {
  expect_row(outrider({"teardown", "--dsn", running().owner_dsn()}, running().configuration()));
}

TEST(CheckpointCommands, ThePlaceIsNone) {
  expect_row(outrider({"checkpoint", "set", "--lsn", "there"}, stopped().configuration()));
}

TEST(CheckpointCommands, TheSlotDoesNotHoldThePlace) {
  expect_row(outrider({"checkpoint", "set", "--lsn", "0/10"}, stopped().configuration()));
}

TEST(CheckpointCommands, TheSlotIsNotThere) {
  const World world = configured();
  expect_row(outrider({"checkpoint", "accept-gap"}, world.configuration()));
}

TEST(CheckpointCommands, AGapIsNoFailover) {
  World world;
  world.setup();
  world.start();
  world.wait_state("streaming");
  world.stop();
  world.emit(1);
  world.sql("select pg_replication_slot_advance('" + world.slot() + "', pg_current_wal_lsn())");
  expect_row(outrider({"checkpoint", "adopt"}, world.configuration()));
}

TEST(CheckpointCommands, ThePipelineKeepsNoCheckpoint) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "outrider.yaml")
      << "version: 1\npipelines: { main: { source: { postgres: { dsn: 'dbname=shop' } }, sink: { "
         "stdout: {} } } }\n";
  expect_row(outrider({"checkpoint", "show"}, folder.path() / "outrider.yaml"));
}

TEST(Skip, TheEventIsNone) {
  expect_row(outrider({"skip", "--event", "first"}, stopped().configuration()));
}

TEST(Skip, TheEventIsNotInTheLog) {
  expect_row(outrider({"skip", "--event", "FFFFFF/0:0"}, stopped().configuration()));
}

TEST(Skip, TheEventWasPassedAlready) {
  expect_row(outrider({"skip", "--event", "0/10:0"}, stopped().configuration()));
}

std::vector<Said> emit(const World& world, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"emit", "--aggregate-type", world.aggregate(), "--aggregate-id",
                                    "42",   "--type",           "test.created"};
  words.insert(words.end(), more.begin(), more.end());
  return outrider(words, world.configuration());
}

TEST(Emit, TheRoleMayNotInsert) { expect_row(emit(stopped(), {})); }

TEST(Emit, ThePayloadIsNoJSON) {
  expect_row(emit(stopped(), {"--dsn", stopped().owner_dsn(), "--payload", "{no json"}));
}

TEST(Emit, TheTableIsNotThere) {
  const World world = configured();
  expect_row(emit(world, {"--dsn", world.owner_dsn()}));
}

TEST(Emit, TheEventDoesNotArrive) {
  World world;
  world.setup();
  expect_row(emit(world, {"--dsn", world.owner_dsn(), "--wait", "--timeout", "1"}));
}

TEST(Teardown, TheDsnLeadsToAnotherDatabase) {
  expect_row(outrider({"teardown", "--dsn", stopped().postgres().dsn("postgres")},
                      stopped().configuration()));
}

TEST(Teardown, KafkaDoesNotAnswer) {
  World world;
  world.options().bootstrap_servers = "127.0.0.1:1";
  world.setup();
  expect_row(outrider({"teardown", "--dsn", world.owner_dsn()}, world.configuration()));
}

}  // namespace
}  // namespace outrider::testing
