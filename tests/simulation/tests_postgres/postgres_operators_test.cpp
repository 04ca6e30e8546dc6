// The real Postgres source refuses to go on when operators of the simulated server break what it
// relies on.
#include "tests/simulation/tests_postgres/postgres_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

namespace outrider::simulation {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeeds = 20;

/// What a reader that was caught up says after `act`, in each of many runs.
template <typename Act>
void expect_refusal(const std::string& reason, Act act, int major = 15) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PostgresWorld world(seed, usual_shape(major));
    Reader& reader = world.start_reader();
    for (int i = 0; i < 5; ++i) {
      world.commit();
      world.run_for(500ms);
    }
    ASSERT_TRUE(world.run_until(10s, [&] { return world.read_all(reader); })) << "seed " << seed;
    act(world);
    ASSERT_TRUE(world.run_until(60s, [&] { return !reader.refusal().empty(); })) << "seed " << seed;
    EXPECT_THAT(reader.refusal(), HasSubstr(reason)) << "seed " << seed;
  }
}

TEST(SimulatedPostgresOperators, ADroppedSlotIsRefused) {
  expect_refusal("does not exist", [](PostgresWorld& world) { world.server.drop_slot(); });
}

TEST(SimulatedPostgresOperators, AnAdvancedSlotIsRefused) {
  expect_refusal("was advanced or created anew", [](PostgresWorld& world) {
    world.commit();
    world.server.advance_slot();
  });
}

TEST(SimulatedPostgresOperators, ARecreatedSlotIsRefused) {
  expect_refusal("was advanced or created anew",
                 [](PostgresWorld& world) { world.server.recreate_slot(); });
}

TEST(SimulatedPostgresOperators, ALostSlotIsRefused) {
  expect_refusal("is lost", [](PostgresWorld& world) { world.server.lose_slot(); });
  expect_refusal("wal_removed", [](PostgresWorld& world) { world.server.lose_slot(); }, 17);
}

TEST(SimulatedPostgresOperators, ARecreatedPublicationIsRefused) {
  expect_refusal("created or added anew",
                 [](PostgresWorld& world) { world.server.recreate_publication(); });
}

TEST(SimulatedPostgresOperators, AnUncoveredTableIsRefused) {
  expect_refusal("does not cover table",
                 [](PostgresWorld& world) { world.server.uncover_table(); });
}

TEST(SimulatedPostgresOperators, ATableThatLeftAndCameBackIsRefused) {
  expect_refusal("created or added anew", [](PostgresWorld& world) {
    world.server.uncover_table();
    world.commit();
    world.server.cover_table();
  });
}

TEST(SimulatedPostgresOperators, WithoutThePublicationTheStreamFailsBefore18) {
  expect_refusal("42704", [](PostgresWorld& world) {
    world.server.drop_publication();
    world.commit();
  });
}

TEST(SimulatedPostgresOperators, WithoutThePublication18WarnsAndSkips) {
  expect_refusal(
      "the server skips rows",
      [](PostgresWorld& world) {
        world.server.drop_publication();
        world.commit();
      },
      18);
}

TEST(SimulatedPostgresOperators, ARestoredSnapshotIsRefusedHoweverMuchIsWrittenAfterIt) {
  for (int commits = 0; commits < 8; ++commits) {
    expect_refusal("", [&](PostgresWorld& world) {
      const auto snapshot = world.server.snapshot();
      for (int i = 0; i < 3; ++i) world.commit();
      ASSERT_TRUE(world.run_until(10s, [&] { return world.read_all(*world.readers.front()); }));
      world.server.restore(*snapshot);
      for (int i = 0; i < commits; ++i) world.commit();
    });
  }
}

TEST(SimulatedPostgresOperators, AFailoverThatLosesPublishedEventsIsRefused) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 5 * kSeeds; ++seed) {
    PostgresWorld world(seed);
    Reader& reader = world.start_reader();
    for (int i = 0; i < 12; ++i) world.commit();
    ASSERT_TRUE(world.run_until(10s, [&] { return world.read_all(reader); })) << "seed " << seed;
    const std::size_t read = reader.ids().size();
    world.server.fail_over(true);
    const bool is_lost = world.committed_ids().size() < read;
    for (int i = 0; i < 12; ++i) world.commit();
    world.run_for(20s);
    if (is_lost) {
      EXPECT_THAT(reader.refusal(), HasSubstr("is not in the history of the server"));
      ++refused;
    } else {
      EXPECT_TRUE(world.read_all(reader) || !reader.refusal().empty()) << "seed " << seed;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(SimulatedPostgresOperators, AnotherClusterIsAnotherSystem) {
  PostgresWorld world(1);
  Reader& reader = world.start_reader();
  ASSERT_TRUE(world.run_until(10s, [&] { return reader.streams(); }));
  PostgresShape shape = usual_shape();
  ++shape.system_id;
  PostgresWorld another(2, shape);
  Reader& stranger = another.start_reader(reader.checkpoint());
  ASSERT_TRUE(another.run_until(10s, [&] { return !stranger.refusal().empty(); }));
  EXPECT_THAT(stranger.refusal(), HasSubstr("another database cluster"));
}

}  // namespace
}  // namespace outrider::simulation
