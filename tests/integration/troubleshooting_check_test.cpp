// What `outrider check --connect` finds, against deploy/TROUBLESHOOTING.md.
#include "tests/integration/secure_world.h"
#include "tests/integration/troubleshooting_page.h"
#include "tests/integration/world.h"
#include "tests/support/pooler.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

void expect_row_of_check(const World& world, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"check", "--connect"};
  words.insert(words.end(), more.begin(), more.end());
  expect_row(outrider(words, world.configuration()));
}

void expect_row_of_check(SecureWorld& world) {
  world.setup();
  expect_row(outrider({"check", "--connect"}, world.relay().configuration()));
}

/// Of a pipeline that was set up, after these statements.
void expect_row_after(World& world, const std::string& statements) {
  world.setup();
  world.sql(statements);
  expect_row_of_check(world);
}

/// On a Postgres of its own, with this setting.
World on_server(const std::string& name, const std::string& value,
                const std::string& version = "15") {
  return World(World::OwnPostgres{.settings = {{name, value}}, .version = version});
}

/// Through a PgBouncer that passes over these parameters.
void expect_row_behind_a_pooler(const std::string& ignored_parameters) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  World world;
  world.setup();
  const Pooler pooler({.folder = folder.path() / "pooler",
                       .postgres_port = world.postgres().port(),
                       .ignored_parameters = ignored_parameters});
  world.options().dsn = " port=" + std::to_string(pooler.port());
  world.configure();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheRoleMayNotReplicate) {
  World world;
  world.options().dsn = " user=relay_" + world.aggregate();
  world.configure();
  world.sql("create role relay_" + world.aggregate() + " login");
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheRoleIsASuperuser) {
  World world;
  world.options().dsn = " user=postgres";
  world.configure();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, NoWalsenderIsLeft) {
  World world = on_server("max_wal_senders", "1");
  world.setup();
  const ForeignReader reader = world.read_slot_elsewhere();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, NoSlotIsLeft) {
  World world = on_server("max_replication_slots", "1");
  world.sql("select pg_create_physical_replication_slot('other')");
  world.configure();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheTableIsNotThere) {
  World world;
  world.configure();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheTableIsAView) {
  World world;
  world.configure();
  world.sql("create view outbox as select 1 as id");
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheTableIsUnlogged) {
  World world;
  world.configure();
  world.sql("create unlogged table outbox (id int)");
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheTableLacksAColumn) {
  World world;
  world.options().outbox = {"additional: ['tenant:header']"};
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, AColumnOfTheTableIsOfATypeThatDoesNotFit) {
  World world;
  expect_row_after(world,
                   "alter table outbox drop column created_at; alter table outbox add created_at "
                   "bigint");
}

TEST(CheckConnectPostgres, ThePublicationHasARowFilter) {
  World world;
  expect_row_after(world, "alter publication " + world.publication() +
                              " set table outbox where (aggregatetype = 'order')");
}

TEST(CheckConnectPostgres, ThePublicationLeavesOutAColumn) {
  World world;
  expect_row_after(world, "alter publication " + world.publication() +
                              " set table outbox (id, aggregatetype, aggregateid, type)");
}

TEST(CheckConnectPostgres, TheSlotDoesNotOutliveAFailover) {
  World world(World::OwnPostgres{.settings = {}, .version = "18"});
  expect_row_after(world, "select pg_drop_replication_slot('" + world.slot() +
                              "'); select pg_create_logical_replication_slot('" + world.slot() +
                              "', 'pgoutput')");
}

TEST(CheckConnectPostgres, TheServerKnowsNoFailoverOfSlots) {
  World world;
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheServerDropsSlotsThatRest) {
  World world = on_server("idle_replication_slot_timeout", "3600s", "18");
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheServerKeepsItsLogWithoutALimit) {
  World world;
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, TheLogIsLimitedAndGrows) {
  World world = on_server("max_slot_wal_keep_size", "64MB");
  world.setup();
  const std::unique_ptr<OutboxLoad> load = world.load();
  world.wait_until("something is written", [&] { return load->committed() > 0; });
  expect_row_of_check(world);
  load->stop();
}

TEST(CheckConnectPostgres, APoolerIsInBetween) { expect_row_behind_a_pooler("options"); }

TEST(CheckConnectPostgres, APoolerRefusesTheConnection) { expect_row_behind_a_pooler(""); }

TEST(CheckConnectPostgres, NobodyVerifiesWhoAnswers) {
  SecureWorld world;
  world.postgres_access.mode = "require";
  world.postgres_access.authority.clear();
  expect_row_of_check(world);
}

TEST(CheckConnectPostgres, ARelayIsActive) {
  World world;
  world.setup();
  world.start();
  world.wait_state("streaming");
  expect_row_of_check(world);
}

TEST(CheckConnectKafka, NobodyListensThere) {
  World world;
  world.options().bootstrap_servers = "127.0.0.1:1";
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectKafka, ABrokerIsAdvertisedWhereItDoesNotAnswer) {
  const TemporaryFolder folder;
  const std::string nowhere = "PLAINTEXT://127.0.0.1:" + std::to_string(free_port());
  const KafkaServer kafka(folder.path() / "kafka", {{"advertised.listeners", nowhere}});
  World world;
  world.options().bootstrap_servers = kafka.bootstrap();
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectKafka, TheClusterCanHaveNoCoordinatorOfTransactions) {
  const TemporaryFolder folder;
  const KafkaServer kafka(folder.path() / "kafka",
                          {{"transaction.state.log.replication.factor", "3"}});
  World world;
  world.options().bootstrap_servers = kafka.bootstrap();
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectKafka, ATopicIsNotThereAndMayNotBeMade) {
  World world;
  world.options().create_topics = false;
  world.setup();
  expect_row_of_check(world, {"--topic", "absent"});
}

TEST(CheckConnectKafka, NoTopicIsThereAndNoneMayBeMade) {
  World world;
  world.options().create_topics = false;
  world.options().outbox = {"topic: never-made-" + world.aggregate()};
  world.setup();
  expect_row_of_check(world);
}

TEST(CheckConnectKafka, ATopicWantsMoreReplicasThanItHas) {
  World world;
  world.kafka().create_topic("too-few", 1, {{"min.insync.replicas", "2"}});
  world.setup();
  expect_row_of_check(world, {"--topic", "too-few"});
}

TEST(CheckConnectKafka, ATopicTakesLessThanTheRelaySends) {
  World world;
  world.kafka().create_topic("too-small", 1, {{"max.message.bytes", "1000"}});
  world.setup();
  expect_row_of_check(world, {"--topic", "too-small"});
}

TEST(CheckConnectKafka, TheCheckpointTopicMayNotBeMade) {
  SecureWorld world;
  world.name = "denied";
  expect_row_of_check(world);
}

TEST(CheckConnectKafka, TheTransactionalIdsMayNotBeUsed) {
  SecureWorld world;
  world.name = "untransacted";
  SecureServers::shared().newest().kafka().allow_topics({"User:relay"}, world.name);
  expect_row_of_check(world);
}

}  // namespace
}  // namespace outrider::testing
