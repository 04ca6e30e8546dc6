// The oldest and the newest Postgres, where they differ from Debian's.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using ::testing::HasSubstr;

class PostgresVersions : public ::testing::TestWithParam<const char*> {};

TEST_P(PostgresVersions, DeliverExactlyWhatWasCommittedThroughKills) {
  World world(World::OwnPostgres{.version = GetParam()});
  world.setup();
  world.start();
  const std::unique_ptr<OutboxLoad> load = world.load();
  world.wait_published_more();
  world.kill_relay();
  world.start();
  world.wait_published_more();
  world.postgres().kill_hard();
  world.postgres().start();
  load->stop();
  world.expect_exactly_what_was_committed();
  world.stop();
}

TEST_P(PostgresVersions, RowsThatAMissingPublicationWouldSwallowHalt) {
  World world(World::OwnPostgres{.version = GetParam()});
  world.setup();
  world.sql("drop publication " + world.publication());
  world.emit(1);
  world.sql("create publication " + world.publication() +
            " for table outbox with (publish = 'insert')");
  world.start();
  const PipelineReport report = world.wait_state("halted");
  // Up to 17 the server ends the stream; 18 warns and goes on without the rows.
  EXPECT_THAT(report.reason,
              HasSubstr(GetParam() == std::string("18")
                            ? "skipped loading publication"
                            : "publication \"" + world.publication() + "\" does not exist"));
  EXPECT_EQ(world.delivered().size(), 0U);
}

TEST_P(PostgresVersions, RowsAfterATableWasLeftOutForAMomentAreNotSent) {
  World world(World::OwnPostgres{.version = GetParam()});
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.sql("alter publication " + world.publication() + " drop table outbox");
  world.emit(1);
  world.sql("alter publication " + world.publication() + " add table outbox");
  world.emit(1);
  EXPECT_THAT(world.wait_state("halted").reason, HasSubstr("dropped, created or added anew"));
  EXPECT_EQ(world.delivered().size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Each, PostgresVersions, ::testing::Values("14", "18"));

}  // namespace
}  // namespace outrider::testing
