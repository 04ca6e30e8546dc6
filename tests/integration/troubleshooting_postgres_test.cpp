// What a relay says that cannot start with its database, against deploy/TROUBLESHOOTING.md.
#include "tests/integration/troubleshooting_page.h"
#include "tests/integration/world.h"

#include <gtest/gtest.h>

#include <string>

namespace outrider::testing {
namespace {

/// Starts the relay and waits for what the page says of it.
void expect_row_of_run(World& world) {
  world.start();
  expect_row([&] { return world.report(); });
}

/// With this at the end of the connection string.
void expect_row_of_dsn(const std::string& more) {
  World world;
  world.options().dsn = more;
  world.configure();
  expect_row_of_run(world);
}

/// Of a role `relay_…` with these options and rights; of the same user as the relay's.
void expect_row_of_role(const std::string& statements) {
  World world;
  const std::string role = "relay_" + world.aggregate();
  world.options().dsn = " user=" + role;
  world.configure();
  world.sql("create role " + role + "; alter role " + role + " " + statements);
  expect_row_of_run(world);
}

/// Of a pipeline that was set up, after these statements.
void expect_row_after(World& world, const std::string& statements) {
  world.setup();
  world.sql(statements);
  expect_row_of_run(world);
}

std::string drop_slot(const World& world) {
  return "select pg_drop_replication_slot('" + world.slot() + "'); ";
}

std::string create_slot(const World& world, const std::string& plugin,
                        const std::string& more = "") {
  return "select pg_create_logical_replication_slot('" + world.slot() + "', '" + plugin + "'" +
         more + "); ";
}

/// A pipeline that has streamed and was stopped.
World stopped() {
  World world;
  world.setup();
  world.start();
  world.wait_state("streaming");
  world.stop();
  return world;
}

TEST(PostgresConnection, NobodyListensThere) { expect_row_of_dsn(" port=1"); }

TEST(PostgresConnection, TheHostIsNotKnown) { expect_row_of_dsn(" host=nowhere.invalid"); }

TEST(PostgresConnection, TheDatabaseIsNotThere) { expect_row_of_dsn(" dbname=nowhere"); }

TEST(PostgresConnection, TheRoleIsNotThere) { expect_row_of_dsn(" user=nobody"); }

TEST(PostgresConnection, TheServerHasNoTLS) { expect_row_of_dsn(" sslmode=require"); }

TEST(PostgresConnection, ThePasswordFileIsNotThere) {
  World world;
  world.options().source = {"password_file: /nowhere/password"};
  world.configure();
  expect_row_of_run(world);
}

TEST(PostgresConnection, TheRoleMayNotLogIn) { expect_row_of_role("nologin replication"); }

TEST(PostgresConnection, TheRoleMayNotReplicate) { expect_row_of_role("login noreplication"); }

TEST(PostgresConnection, TheRoleHasNoConnectionLeft) {
  expect_row_of_role("login replication connection limit 0");
}

TEST(PostgresConnection, TheRoleMayNotConnectToTheDatabase) {
  World world;
  world.configure();
  const std::string database = world.sql_value("select current_database()");
  world.sql("revoke connect on database " + database + " from public");
  expect_row_of_run(world);
}

TEST(PostgresServer, TheServerIsNotSetToLogical) {
  World world(World::OwnPostgres{.settings = {{"wal_level", "replica"}}});
  world.configure();
  expect_row_of_run(world);
}

TEST(PostgresServer, TheServerIsAStandby) {
  World world(World::OwnPostgres{});
  world.configure();
  world.postgres().become_standby();
  expect_row_of_run(world);
}

TEST(PostgresSlot, TheSlotIsNotThere) {
  World world;
  expect_row_after(world, drop_slot(world));
}

TEST(PostgresSlot, TheSlotHasAnotherPlugin) {
  World world;
  expect_row_after(world, drop_slot(world) + create_slot(world, "test_decoding"));
}

TEST(PostgresSlot, TheSlotWasCreatedWithTwoPhase) {
  World world;
  expect_row_after(world, drop_slot(world) + create_slot(world, "pgoutput", ", false, true"));
}

TEST(PostgresSlot, TheSlotIsOfAnotherDatabase) {
  World world;
  world.setup();
  world.sql(drop_slot(world));
  World().sql(create_slot(world, "pgoutput"));
  expect_row_of_run(world);
}

TEST(PostgresSlot, TheSlotIsLost) {
  World world(World::OwnPostgres{});
  world.setup();
  world.lose_slot();
  expect_row_of_run(world);
}

TEST(PostgresSlot, AnotherClientReadsTheSlot) {
  World world;
  world.setup();
  const ForeignReader reader = world.read_slot_elsewhere();
  expect_row_of_run(world);
}

TEST(PostgresSlot, TheSlotWasAdvancedByHand) {
  World world = stopped();
  world.emit(1);
  world.sql("select pg_replication_slot_advance('" + world.slot() + "', pg_current_wal_lsn())");
  expect_row_of_run(world);
}

TEST(PostgresSlot, TheSlotWasUsedBeforeAndHasNoCheckpoint) {
  World world;
  world.options().pipeline = {"start: { without_checkpoint: refuse }"};
  world.setup();
  world.emit(1);
  world.sql("select pg_replication_slot_advance('" + world.slot() + "', pg_current_wal_lsn())");
  expect_row_of_run(world);
}

TEST(PostgresSlot, RowsWereThereBeforeTheSlot) {
  World world;
  world.sql(world.create_table(Payload::Jsonb));
  world.emit(5);
  world.setup();
  expect_row_of_run(world);
}

TEST(PostgresPublicationAndTables, ThePublicationIsNotThere) {
  World world;
  expect_row_after(world, "drop publication " + world.publication());
}

TEST(PostgresPublicationAndTables, ThePublicationDoesNotCoverTheTable) {
  World world;
  expect_row_after(world, "alter publication " + world.publication() + " drop table outbox");
}

TEST(PostgresPublicationAndTables, ThePublicationPublishesNoInserts) {
  World world;
  expect_row_after(world, "alter publication " + world.publication() + " set (publish = 'update')");
}

TEST(PostgresPublicationAndTables, TheTableIsNotThere) {
  World world;
  expect_row_after(world, "drop table outbox");
}

TEST(PostgresPublicationAndTables, ThePublicationWasCreatedAnew) {
  World world = stopped();
  world.sql("drop publication " + world.publication() + "; create publication " +
            world.publication() + " for table outbox with (publish = 'insert')");
  expect_row_of_run(world);
}

TEST(PostgresPublicationAndTables, TheTableLacksAColumn) {
  World world;
  expect_row_after(world,
                   "alter table outbox rename column payload to body; insert into outbox "
                   "(id, aggregatetype, aggregateid, type, body) values "
                   "(gen_random_uuid(), 'order', '1', 'created', '{}')");
}

TEST(PostgresHistory, TheCheckpointIsOfAnotherDatabase) {
  const World other = stopped();
  World world;
  world.use_identity_of(other);
  world.setup();
  expect_row_of_run(world);
}

TEST(PostgresHistory, TheCheckpointIsOfAnotherCluster) {
  const World other = stopped();
  World world(World::OwnPostgres{});
  world.use_identity_of(other);
  world.setup();
  expect_row_of_run(world);
}

TEST(PostgresHistory, TheDatabaseWasRestored) {
  World world(World::OwnPostgres{});
  world.setup();
  world.postgres().take_snapshot();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  world.postgres().restore_snapshot();
  expect_row_of_run(world);
}

}  // namespace
}  // namespace outrider::testing
