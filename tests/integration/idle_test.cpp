// A relay with nothing to do: the log does not pile up, and it costs next to nothing.
#include "tests/integration/world.h"

#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

TEST(Idle, TheSlotAdvancesWhileOtherDatabasesOfTheServerWrite) {
  World world;
  world.setup();
  world.start();
  world.emit(1);
  world.wait_delivered(1);
  const std::string before = world.confirmed_flush();
  World other;
  other.sql("create table noise as select generate_series(1, 100000) n");
  world.wait_until("the slot has passed the other database's writes", [&] {
    return world.sql_value(
               "select (confirmed_flush_lsn - '" + before +
               "'::pg_lsn > 1000000)::text from pg_replication_slots where slot_name = '" +
               world.slot() + "'") == "true";
  });
}

TEST(Idle, ARelayAtRestUsesLessThanOnePercentOfACore) {
  World world;
  world.setup();
  world.start();
  world.emit(1);
  world.wait_delivered(1);
  const Usage before = world.relay_usage();
  world.observe_for(20s);
  const Usage after = world.relay_usage();
  EXPECT_LE(after.cpu_seconds - before.cpu_seconds, 0.2);
  EXPECT_EQ(after.log_lines, before.log_lines);
}

TEST(Idle, MetricsStatusAndHealthTellTheTruth) {
  World world;
  world.setup();
  world.start();
  world.emit(7);
  world.wait_delivered(7);
  world.wait_until("all seven are counted",
                   [&] { return world.metric("outrider_events_published_total") == 7; });
  EXPECT_TRUE(world.is_live());
  EXPECT_TRUE(world.is_ready());
  EXPECT_EQ(world.metric("outrider_leader"), 1);
  EXPECT_EQ(world.metric("outrider_events_received_total"), 7);
  EXPECT_GE(world.metric("outrider_acked_lsn"), 1);
  EXPECT_LE(world.metric("outrider_confirmed_lsn"), world.metric("outrider_acked_lsn"));
  EXPECT_EQ(world.metric("outrider_in_flight_events"), 0);
}

}  // namespace
}  // namespace outrider::testing
