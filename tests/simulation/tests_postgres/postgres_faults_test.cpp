// The real Postgres source goes on where it was when the simulated server fails and nothing is
// lost.
#include "tests/simulation/tests_postgres/postgres_world.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

namespace outrider::simulation {
namespace {

constexpr std::uint64_t kSeeds = 40;

/// One reader through 20 faults; then all must have arrived, once and in order.
template <typename Fault>
void expect_nothing_lost(Fault fault) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PostgresWorld world(seed, usual_shape(14 + static_cast<int>(seed % 5)));
    Reader& reader = world.start_reader();
    for (int i = 0; i < 20; ++i) {
      for (int k = 0; k < 4; ++k) world.anything();
      world.run_for(world.environment.random.between(0ms, 400ms));
      fault(world);
      world.run_for(world.environment.random.between(0ms, 400ms));
    }
    ASSERT_TRUE(world.run_until(200s, [&] { return world.read_all(reader) && reader.streams(); }))
        << "seed " << seed << " " << reader.refusal();
    EXPECT_FALSE(reader.errors().empty()) << "the fault was not felt";
    EXPECT_EQ(world.server.shutdowns_that_hung(), 0U) << "seed " << seed;
  }
}

TEST(SimulatedPostgresFaults, ACrashLosesNothing) {
  expect_nothing_lost(
      [](PostgresWorld& world) { world.server.crash(world.environment.random.between(1ms, 3s)); });
}

TEST(SimulatedPostgresFaults, ABrokenConnectionLosesNothing) {
  expect_nothing_lost(
      [](PostgresWorld& world) { world.server.disconnect(world.environment.random); });
}

TEST(SimulatedPostgresFaults, ATerminatedWalsenderLosesNothing) {
  expect_nothing_lost([](PostgresWorld& world) { world.server.terminate_walsender(); });
}

TEST(SimulatedPostgresFaults, AShutdownWaitsUntilAllIsConfirmed) {
  expect_nothing_lost([](PostgresWorld& world) {
    world.server.shut_down(world.environment.random.between(1ms, 3s));
  });
}

TEST(SimulatedPostgresFaults, AFailoverWithTheWholeLogLosesNothing) {
  expect_nothing_lost([](PostgresWorld& world) { world.server.fail_over(false); });
}

TEST(SimulatedPostgresFaults, AnythingAtOnceLosesNothing) {
  expect_nothing_lost([](PostgresWorld& world) {
    Random& random = world.environment.random;
    world.server.stall(random.between(1ms, 2s));
    if (random.once_in(2)) world.server.terminate_walsender();
    if (random.once_in(2)) world.server.disconnect(random);
    if (random.once_in(2)) world.server.shut_down(random.between(1ms, 1s));
    if (random.once_in(4)) world.server.crash(random.between(1ms, 1s));
    if (random.once_in(4)) world.server.occupy_slot(random.between(1ms, 1s));
    if (random.once_in(8)) world.server.fail_over(false);
  });
}

TEST(SimulatedPostgresFaults, ACrashForgetsWhatTheSlotHadNotWritten) {
  bool has_forgotten = false;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PostgresWorld world(seed);
    Reader& reader = world.start_reader();
    for (int i = 0; i < 5; ++i) {
      world.commit();
      world.run_for(2s);
    }
    ASSERT_EQ(world.server.confirmed_flush(), reader.reached().end_lsn);
    const postgres::Lsn before = world.server.confirmed_flush();
    world.server.crash(10ms);
    EXPECT_LE(world.server.confirmed_flush(), before);
    has_forgotten = has_forgotten || world.server.confirmed_flush() < before;
  }
  EXPECT_TRUE(has_forgotten);
}

TEST(SimulatedPostgresFaults, AShutdownWaitsForAFrozenClientUntilItsTimeOut) {
  PostgresWorld world(3);
  Reader& reader = world.start_reader();
  ASSERT_TRUE(world.run_until(10s, [&] { return reader.streams(); }));
  world.commit();
  world.readers.swap(world.frozen);
  world.server.shut_down(1s);
  world.run_for(14s);
  EXPECT_TRUE(world.server.is_shutting_down());
  world.run_for(20s);
  EXPECT_FALSE(world.server.is_shutting_down());
  EXPECT_EQ(world.server.shutdowns_that_hung(), 0U);
  world.readers.swap(world.frozen);
  EXPECT_TRUE(world.run_until(30s, [&] { return world.read_all(reader); }));
}

TEST(SimulatedPostgresFaults, AClientThatVanishedHoldsTheLockForHalfAMinute) {
  PostgresWorld world(4);
  ASSERT_TRUE(
      world.run_until(10s, [&, &reader = world.start_reader()] { return reader.streams(); }));
  world.commit();
  world.run_for(1s);
  const auto checkpoint = world.readers.back()->checkpoint();
  world.kill_reader(PostgresServer::Noticed::Later);
  Reader& successor = world.start_reader(checkpoint);
  world.run_for(14s);
  EXPECT_TRUE(successor.stands_by());
  ASSERT_TRUE(world.run_until(25s, [&] { return successor.streams(); }));
}

TEST(SimulatedPostgresFaults, AClientThatDiedLetsGoAtOnce) {
  PostgresWorld world(5);
  ASSERT_TRUE(
      world.run_until(10s, [&, &reader = world.start_reader()] { return reader.streams(); }));
  const auto checkpoint = world.readers.back()->checkpoint();
  world.kill_reader();
  Reader& successor = world.start_reader(checkpoint);
  ASSERT_TRUE(world.run_until(6s, [&] { return successor.streams(); }));
}

TEST(SimulatedPostgresFaults, OnlyOneOfThreeStreams) {
  PostgresWorld world(6);
  for (int i = 0; i < 3; ++i) world.start_reader();
  for (int i = 0; i < 10; ++i) {
    world.commit();
    world.run_for(1s);
    int streaming = 0;
    for (const auto& reader : world.readers) streaming += reader->streams() ? 1 : 0;
    EXPECT_EQ(streaming, 1);
  }
}

TEST(SimulatedPostgresFaults, AnOccupiedSlotIsWaitedFor) {
  PostgresWorld world(7);
  world.server.occupy_slot(5s);
  world.run_for(10ms);
  Reader& reader = world.start_reader();
  world.commit();
  world.run_for(4s);
  EXPECT_FALSE(reader.streams());
  EXPECT_NE(reader.errors().at(0).find("pg_recvlogical"), std::string::npos);
  EXPECT_TRUE(world.run_until(5s, [&] { return world.read_all(reader); }));
}

}  // namespace
}  // namespace outrider::simulation
