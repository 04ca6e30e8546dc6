// The real Postgres source reads from the simulated server what services committed, whatever
// breaks.
#include "tests/simulation/tests_postgres/postgres_world.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace outrider::simulation {
namespace {

constexpr std::uint64_t kSeeds = 60;

TEST(SimulatedPostgres, ASourceReadsAllThatIsCommittedInItsOrder) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PostgresShape shape = usual_shape(14 + static_cast<int>(seed % 5));
    shape.has_odd_column = seed % 2 == 0;
    shape.publishes_all = seed % 3 != 0;
    PostgresWorld world(seed, shape);
    Reader& reader = world.start_reader();
    for (int i = 0; i < 50; ++i) {
      world.anything();
      world.run_for(world.environment.random.between(0ms, 20ms));
    }
    EXPECT_TRUE(world.run_until(60s,
                                [&] {
                                  return world.read_all(reader) &&
                                         world.server.confirmed_flush() == world.server.wal_end();
                                }))
        << "seed " << seed << " " << reader.refusal();
    EXPECT_TRUE(reader.errors().empty()) << "seed " << seed << ": " << reader.errors()[0];
  }
}

TEST(SimulatedPostgres, TheSameSeedIsTheSameRun) {
  const auto trace = [](std::uint64_t seed) {
    PostgresWorld world(seed);
    world.start_reader();
    for (int i = 0; i < 40; ++i) {
      world.anything();
      if (i % 10 == 5) world.server.crash(10ms);
      if (i % 10 == 8) world.server.disconnect(world.environment.random);
      world.run_for(world.environment.random.between(0ms, 500ms));
    }
    return world.environment.trace.lines();
  };
  const std::vector<std::string> lines = trace(7);
  EXPECT_GT(lines.size(), 50U);
  EXPECT_EQ(lines, trace(7));
  EXPECT_NE(lines, trace(8));
}

TEST(SimulatedPostgres, WhatIsCommittedWakesTheSource) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PostgresShape shape = usual_shape();
    shape.is_slow_at_times = false;
    PostgresWorld world(seed, shape);
    Reader& reader = world.start_reader();
    ASSERT_TRUE(world.run_until(10s, [&] { return reader.streams(); }));
    for (int i = 0; i < 20; ++i) {
      world.commit();
      // Every timer of the source is longer.
      ASSERT_TRUE(world.run_until(900ms, [&] { return world.read_all(reader); }))
          << "seed " << seed;
    }
  }
}

TEST(SimulatedPostgres, AnIdleSourceSleeps) {
  PostgresWorld world(2);
  Reader& reader = world.start_reader();
  world.commit();
  ASSERT_TRUE(world.run_until(10s, [&] { return world.read_all(reader); }));
  world.run_for(5s);
  const std::uint64_t before = world.steps;
  world.run_for(600s);
  // A look at the catalogs and a status every 10 s, each a few steps.
  EXPECT_LT(world.steps - before, 600U);
  EXPECT_GT(world.steps - before, 100U);
}

}  // namespace
}  // namespace outrider::simulation
