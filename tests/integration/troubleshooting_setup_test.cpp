// What `outrider setup` finds wrong with a database, against deploy/TROUBLESHOOTING.md.
#include "tests/integration/troubleshooting_page.h"
#include "tests/integration/world.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

World configured() {
  World world;
  world.configure();
  return world;
}

std::vector<Said> setup(const World& world, const std::string& more_of_dsn = "",
                        const std::string& role = "relay") {
  return outrider({"setup", "--dsn", world.owner_dsn() + more_of_dsn, "--role", role},
                  world.configuration());
}

/// What it says once these statements have been run.
std::vector<Said> setup_after(const std::string& statements) {
  const World world = configured();
  world.sql(statements);
  return setup(world);
}

/// A server on which nothing can be set up.
World crippled() {
  World world(
      World::OwnPostgres{.settings = {{"wal_level", "replica"}, {"max_replication_slots", "1"}}});
  world.configure();
  world.sql("select pg_create_physical_replication_slot('taken')");
  return world;
}

/// A role of this world's alone; its name.
std::string created_role(const World& world, const std::string& attributes) {
  std::string role = "user_" + world.aggregate();
  world.sql("create role " + role + " " + attributes);
  return role;
}

TEST(Setup, NobodyAnswersAtTheDsn) { expect_row(setup(configured(), " port=1")); }

TEST(Setup, TheDsnLeadsToAnotherDatabase) { expect_row(setup(configured(), " dbname=postgres")); }

TEST(Setup, ThereIsNoDsn) { expect_row(outrider({"setup"}, configured().configuration())); }

TEST(Setup, TheRoleIsNotThere) { expect_row(setup(configured(), "", "nobody")); }

TEST(Setup, TheRoleMayNotReplicate) {
  const World world = configured();
  const std::string reader = created_role(world, "login");
  expect_row(setup(world, "", reader));
}

TEST(Setup, NoRoleIsNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "outrider.yaml")
      << "version: 1\npipelines: { orders: { source: { postgres: { dsn: 'dbname=shop' } }, sink: { "
         "kafka: { bootstrap_servers: 'kafka:9092' } } } }\n";
  expect_row(outrider({"setup", "--print-sql"}, folder.path() / "outrider.yaml"));
}

TEST(Setup, TheUserMayNotCreateInTheDatabase) {
  const World world = configured();
  expect_row(setup(world, " user=" + created_role(world, "login")));
}

TEST(Setup, TheUserMayNotCreateSlots) {
  const World world = configured();
  const std::string database = world.sql_value("select current_database()");
  const std::string clerk = created_role(world, "login");
  world.sql("alter database " + database + " owner to " + clerk +
            "; grant all on schema public to " + clerk);
  expect_row(setup(world, " user=" + clerk));
}

TEST(Setup, TheTableIsOfAnotherOwner) {
  const World world = configured();
  const std::string database = world.sql_value("select current_database()");
  const std::string builder = created_role(world, "login replication");
  world.sql(world.create_table(Payload::Jsonb) + "; grant create on database " + database + " to " +
            builder);
  expect_row(setup(world, " user=" + builder));
}

TEST(Setup, TheServerIsNotSetToLogical) { expect_row(setup(crippled())); }

TEST(Setup, AllSlotsAreInUse) { expect_row(setup(crippled())); }

TEST(Setup, TheServerIsAStandby) {
  World world(World::OwnPostgres{});
  world.configure();
  world.postgres().become_standby();
  expect_row(setup(world));
}

TEST(Setup, TheSlotIsOfAnotherKind) {
  const World world = configured();
  world.sql("select pg_create_logical_replication_slot('" + world.slot() + "', 'test_decoding')");
  expect_row(setup(world));
}

TEST(Setup, TheSlotIsLost) {
  World world(World::OwnPostgres{});
  world.setup();
  world.lose_slot();
  expect_row(setup(world));
}

TEST(Setup, ThePublicationPublishesNoInserts) {
  const World world = configured();
  world.sql("create publication " + world.publication() + " with (publish = 'delete')");
  expect_row(setup(world));
}

TEST(Setup, TheTableLacksAColumn) {
  expect_row(setup_after("create table outbox (id uuid primary key, aggregatetype text)"));
}

TEST(Setup, TheOutboxIsAView) { expect_row(setup_after("create view outbox as select 1 as id")); }

TEST(Setup, APartitionedTableHasNoPartition) {
  const World world = configured();
  std::string table = world.create_table(Payload::Jsonb);
  table.replace(table.find(" primary key"), std::string(" primary key").size(), "");
  world.sql(table + " partition by list (aggregatetype); create publication " +
            world.publication() + " for table outbox");
  expect_row(setup(world));
}

}  // namespace
}  // namespace outrider::testing
