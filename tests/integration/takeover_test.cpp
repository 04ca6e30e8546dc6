// A relay that goes on with the slot and the publication that Debezium made and read.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Preparation { Configured, SetUp };

class Takeover : public ::testing::TestWithParam<Preparation> {};

std::string event(const World& world, int key) {
  return world.insert("'" + std::to_string(key) + "'", "'{}'");
}

/// As Debezium does by default: one publication of all tables, with every kind of change, and a
/// slot that its reader has confirmed up to the third event.
void read_as_debezium(const World& world) {
  world.sql(world.create_table(Payload::Jsonb));
  world.sql(
      "create table orders (id int primary key, state text); "
      "create table debezium_heartbeat (id int primary key, at timestamptz); "
      "create publication " +
      world.publication() + " for all tables");
  world.sql("select pg_create_logical_replication_slot('" + world.slot() + "', 'pgoutput')");
  for (int key = 1; key <= 3; ++key) world.sql(event(world, key));
  world.sql("insert into orders values (1, 'new')");
  const std::string read = world.sql_value("select pg_current_wal_insert_lsn()");
  world.sql("begin; insert into orders values (2, 'new'); " + event(world, 4) +
            "update orders set state = 'paid'; commit");
  world.sql("insert into debezium_heartbeat values (1, now()); truncate debezium_heartbeat");
  world.sql(event(world, 5) + "delete from outbox");
  world.sql("select pg_replication_slot_advance('" + world.slot() + "', '" + read + "')");
}

TEST_P(Takeover, GoesOnExactlyWhereTheSlotWasConfirmed) {
  World world;
  read_as_debezium(world);
  if (GetParam() == Preparation::SetUp) {
    world.setup();
  } else {
    world.configure();
  }
  world.start();
  world.wait_delivered(2);
  world.sql(event(world, 6) + "update outbox set type = 'u'; delete from orders");
  world.stop();
  world.sql(event(world, 7));
  world.start();
  std::vector<std::string> keys;
  for (const Delivered& record : world.wait_delivered(4)) keys.push_back(record.key);
  EXPECT_THAT(keys, ElementsAre("4", "5", "6", "7"));
  EXPECT_THAT(world.relay_log(), HasSubstr("no checkpoint: beginning at the position of slot"));
}

INSTANTIATE_TEST_SUITE_P(Of, Takeover,
                         ::testing::Values(Preparation::Configured, Preparation::SetUp),
                         [](const auto& preparation) {
                           return std::string(preparation.param == Preparation::SetUp
                                                  ? "ADatabaseAfterSetup"
                                                  : "AnUntouchedDatabase");
                         });

TEST(TakeoverCounters, OtherTablesAndOtherChangesAreCountedAndLeftOut) {
  World world;
  read_as_debezium(world);
  world.configure();
  world.start();
  world.wait_delivered(2);
  world.wait_until("what is no event is counted", [&] {
    // An insert into orders and one into the heartbeat's table; two updates, a truncate, a delete
    // of five rows.
    return world.metric("outrider_events_skipped_total") == 2 + 2 + 1 + 5;
  });
}

}  // namespace
}  // namespace outrider::testing
