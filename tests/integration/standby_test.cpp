// Hot standby: one active relay per slot, and how fast another takes over.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

TEST(Standby, MoreReplicasThanWalsendersAreFineAndOneTakesOverWithinFiveSeconds) {
  World world(World::OwnPostgres{.settings = {{"max_wal_senders", "2"}}});
  world.setup();
  world.start();
  std::vector<Replica> replicas;
  for (int i = 0; i < 4; ++i) replicas.push_back(world.start_replica());
  for (Replica& replica : replicas) replica.wait_state("standby");
  world.emit(5);
  world.wait_delivered(5);
  const auto killed = std::chrono::steady_clock::now();
  world.kill_relay();
  const auto streaming = [&] {
    return std::ranges::count_if(
        replicas, [](const Replica& replica) { return replica.state() == "streaming"; });
  };
  world.wait_until("a replica streams", [&] { return streaming() > 0; });
  EXPECT_LE(std::chrono::steady_clock::now() - killed, 5s);
  world.emit(5);
  EXPECT_EQ(world.wait_delivered(10).size(), 10U);
  EXPECT_EQ(streaming(), 1);
}

TEST(Standby, ARelayWokenFromAStopIsFencedAndRepeatsNothing) {
  World world;
  world.setup();
  world.start();
  Replica replica = world.start_replica();
  replica.wait_state("standby");
  world.emit(5);
  world.wait_delivered(5);
  world.pause_relay();
  // What the server does by itself once the paused relay is silent for wal_sender_timeout.
  world.sql(
      "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '" +
      world.slot() + "'");
  replica.wait_state("streaming");
  world.emit(5);
  world.wait_delivered(10);
  world.resume_relay();
  world.emit(5);
  EXPECT_EQ(world.wait_delivered(15).size(), 15U);
  world.wait_state("standby");
}

}  // namespace
}  // namespace outrider::testing
