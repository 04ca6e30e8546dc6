// `outrider teardown`: what it says, what it takes out, and a new beginning after it.
#include "tests/integration/world.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outrider::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

World stopped_after_three_events() {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  return world;
}

std::string teardown(const World& world, std::vector<std::string> more) {
  std::vector<std::string> words = {"teardown", "--dsn", world.owner_dsn()};
  words.insert(words.end(), more.begin(), more.end());
  return world.command(words);
}

/// How many slots, publications and objects of ours are in the database.
std::string remains(const World& world) {
  return world.sql_value("select (select count(*) from pg_replication_slots where slot_name = '" +
                         world.slot() +
                         "') + (select count(*) from pg_publication) + (select count(*) from "
                         "pg_namespace where nspname = 'outrider')");
}

Json checkpoint_of(const World& world) {
  return Json::parse(world.command({"checkpoint", "show", "--format", "json"}))["checkpoint"];
}

TEST(Teardown, SaysWhatWouldBeLostAndChangesNothing) {
  const World world = stopped_after_three_events();
  world.emit(2);
  const Json before = checkpoint_of(world);
  const std::string said = teardown(world, {});
  EXPECT_THAT(said, HasSubstr("would drop slot \"" + world.slot() + "\": "));
  EXPECT_THAT(said, HasSubstr(" bytes of log after " + world.confirmed_flush() +
                              "; 2 events in it are not confirmed as delivered"));
  EXPECT_THAT(said, HasSubstr("would drop publication \"" + world.publication() + "\""));
  EXPECT_THAT(said, HasSubstr("would drop function outrider.emit("));
  EXPECT_THAT(said,
              HasSubstr("would drop checkpoint in topic \"" + world.identity() +
                        "\": delivered up to " + before["position"]["end_lsn"].get<std::string>()));
  EXPECT_THAT(said, HasSubstr("kept: table \"public\".\"outbox\""));
  EXPECT_THAT(said, HasSubstr("nothing was changed; --yes does it"));
  EXPECT_THAT(teardown(world, {"--drop-table"}),
              HasSubstr("would drop table \"public\".\"outbox\": 5 rows"));
  EXPECT_EQ(remains(world), "3");
  EXPECT_EQ(checkpoint_of(world), before);
}

TEST(Teardown, IsRefusedWhileARelayIsActiveWhichIsNamed) {
  World world;
  world.setup();
  world.start();
  world.emit(1);
  world.wait_delivered(1);
  const std::string said = teardown(world, {"--yes"});
  EXPECT_THAT(said, HasSubstr("exit 69"));
  EXPECT_THAT(said, HasSubstr("a relay is active on slot \"" + world.slot() + "\": PID"));
  EXPECT_EQ(remains(world), "3");
  world.emit(1);
  world.wait_delivered(2);
}

TEST(Teardown, AfterItSetupAndRunStartAnew) {
  World world = stopped_after_three_events();
  world.emit(2);
  const std::string said = teardown(world, {"--drop-table", "--yes"});
  EXPECT_THAT(said, HasSubstr("dropped: slot \"" + world.slot() + "\""));
  EXPECT_THAT(said, HasSubstr("dropped: checkpoint in topic"));
  EXPECT_THAT(said, Not(HasSubstr("kept:")));
  EXPECT_EQ(remains(world), "0");
  EXPECT_EQ(teardown(world, {"--yes"}), "nothing to drop\n");

  world.setup();
  EXPECT_TRUE(checkpoint_of(world).is_null());
  world.start();
  world.emit(4);
  world.wait_state("streaming");
  EXPECT_EQ(world.wait_delivered(7).size(), 7U);
  world.stop();
  EXPECT_EQ(checkpoint_of(world)["generation"], 1);
}

// As the runbook of the alert OutriderSlotLost says.
TEST(Teardown, WithTheCheckpointKeptASlotThatIsLostIsMadeAnew) {
  World world(World::OwnPostgres{.settings = {{"max_slot_wal_keep_size", "1MB"}}});
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  world.emit(2);
  world.lose_slot();
  EXPECT_THAT(teardown(world, {"--keep-checkpoint"}), HasSubstr("its log is lost already"));
  EXPECT_THAT(teardown(world, {"--keep-checkpoint", "--yes"}), HasSubstr("dropped: slot"));
  world.setup();
  EXPECT_THAT(world.command({"checkpoint", "accept-gap", "--yes"}), HasSubstr("was moved"));
  world.start();
  world.emit(4);
  EXPECT_EQ(world.wait_delivered(7).size(), 7U);
}

TEST(Teardown, KeepsTheSchemaThatAnotherPipelineNeeds) {
  const World world = stopped_after_three_events();
  world.sql(
      "insert into outrider.slot (slot_name, consistent_point, system_identifier, timeline, "
      "rows_before) values ('other', '0/1', '1', 1, 0)");
  const std::string said = teardown(world, {"--yes"});
  EXPECT_THAT(said, HasSubstr("kept: schema outrider: the slots other need it"));
  EXPECT_EQ(world.sql_value("select count(*) from outrider.slot"), "1");
  EXPECT_EQ(world.sql_value("select count(*) from pg_replication_slots where slot_name = '" +
                            world.slot() + "'"),
            "0");
  EXPECT_EQ(world.sql_value("select count(*) from outbox"), "3");
}

TEST(Teardown, LeavesAnotherDatabaseAlone) {
  const World world = stopped_after_three_events();
  World other;
  const std::string said = world.command({"teardown", "--dsn", other.owner_dsn(), "--yes"});
  EXPECT_THAT(said, HasSubstr("exit 78"));
  EXPECT_THAT(said, HasSubstr("--dsn leads to database"));
  EXPECT_EQ(remains(world), "3");
}

}  // namespace
}  // namespace outrider::testing
