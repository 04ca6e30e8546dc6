// `outrider checkpoint`: the remedies of the relay's refusals, on real servers.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace outrider::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

/// A pipeline that has delivered three events and was stopped cleanly.
World stopped_after_three_events() {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  return world;
}

void advance_slot(const World& world) {
  world.sql("select pg_replication_slot_advance('" + world.slot() + "', pg_current_wal_lsn())");
}

Json shown(const World& world) {
  return Json::parse(world.command({"checkpoint", "show", "--format", "json"}));
}

std::string checkpoint_of(const World& world) {
  return shown(world)["checkpoint"]["position"]["end_lsn"];
}

/// Two events are in the log that the slot does not hold any more, two after it.
World halted_by_a_gap() {
  World world = stopped_after_three_events();
  world.emit(2);
  advance_slot(world);
  world.emit(2);
  world.start();
  EXPECT_THAT(world.wait_state("halted").hint, HasSubstr("outrider checkpoint accept-gap"));
  return world;
}

TEST(Checkpoint, ShowTellsCheckpointSlotAndThatAStartWouldResume) {
  const World world = stopped_after_three_events();
  const Json report = shown(world);
  EXPECT_EQ(report["identity"], world.identity());
  EXPECT_EQ(report["slot"]["confirmed_flush_lsn"], world.confirmed_flush());
  EXPECT_EQ(report["checkpoint"]["position"]["end_lsn"], report["start"]["position"]["end_lsn"]);
  EXPECT_EQ(report["server"]["system_id"],
            world.sql_value("select system_identifier from pg_control_system()"));
  EXPECT_GE(report["checkpoint"]["generation"], 1);
  EXPECT_THAT(report["checkpoint"]["written_at"].get<std::string>(), HasSubstr("T"));
  EXPECT_EQ(report["start"]["outcome"], "resume");
  const std::string text = world.command({"checkpoint", "show"});
  EXPECT_THAT(text, HasSubstr("would resume at"));
  EXPECT_THAT(text, HasSubstr("confirmed_flush " + world.confirmed_flush()));
}

TEST(Checkpoint, ShowOfAPipelineThatNeverRanMakesNoCheckpointTopic) {
  World world;
  world.setup();
  for (int i = 0; i < 2; ++i) {
    const Json report = shown(world);
    EXPECT_TRUE(report["checkpoint"].is_null());
    EXPECT_EQ(report["start"]["outcome"], "first_start");
  }
  EXPECT_FALSE(world.has_checkpoint_topic());
  world.start();
  world.wait_state("streaming");
  EXPECT_TRUE(world.has_checkpoint_topic());
}

TEST(Checkpoint, ShowNamesTheRefusalAndItsRemedy) {
  const World world = halted_by_a_gap();
  const Json report = shown(world);
  EXPECT_EQ(report["start"]["outcome"], "refuse");
  EXPECT_THAT(report["start"]["reason"].get<std::string>(), HasSubstr("was advanced"));
  EXPECT_THAT(report["start"]["remedy"].get<std::string>(), HasSubstr("accept-gap"));
}

TEST(Checkpoint, NothingIsChangedWhileARelayIsActiveWhichIsNamed) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  for (const char* act : {"accept-gap", "adopt"}) {
    const std::string said = world.command({"checkpoint", act, "--yes"});
    EXPECT_THAT(said, HasSubstr("exit 69"));
    EXPECT_THAT(said, HasSubstr("a relay is active on slot \"" + world.slot() + "\": PID"));
  }
  EXPECT_THAT(world.command({"checkpoint", "set", "--lsn", "end", "--yes"}), HasSubstr("exit 69"));
  EXPECT_EQ(shown(world)["start"]["outcome"], "wait");
  world.emit(2);
  world.wait_delivered(5);
  EXPECT_EQ(world.metric("outrider_rebuilds_total"), 0);
}

TEST(Checkpoint, AcceptGapSaysWhatIsGivenUpAndDoesItOnlyWhenTold) {
  World world = halted_by_a_gap();
  const std::string before = checkpoint_of(world);
  const std::string dry = world.command({"checkpoint", "accept-gap"});
  EXPECT_THAT(dry, HasSubstr("would be moved from " + before + " to " + world.confirmed_flush()));
  EXPECT_THAT(dry, HasSubstr("are not delivered"));
  EXPECT_THAT(dry, HasSubstr("--yes"));
  EXPECT_EQ(checkpoint_of(world), before);

  EXPECT_THAT(world.command({"checkpoint", "accept-gap", "--yes"}), HasSubstr("was moved"));
  EXPECT_EQ(checkpoint_of(world), world.confirmed_flush());
  world.stop();
  world.start();
  world.emit(3);
  EXPECT_EQ(world.wait_delivered(8).size(), 8U);
  world.stop();
  EXPECT_EQ(world.delivered().size(), 8U);
}

TEST(Checkpoint, AcceptGapFindsNoGapWhereThereIsNone) {
  const World world = stopped_after_three_events();
  const std::string before = checkpoint_of(world);
  EXPECT_THAT(world.command({"checkpoint", "accept-gap", "--yes"}), HasSubstr("nothing to change"));
  EXPECT_EQ(checkpoint_of(world), before);
}

TEST(Checkpoint, AcceptGapGoesOnAfterATableWasLeftOutForAMoment) {
  World world = stopped_after_three_events();
  world.sql("alter publication " + world.publication() + " drop table outbox");
  world.emit(1);
  world.sql("alter publication " + world.publication() + " add table outbox");
  world.emit(2);
  EXPECT_THAT(world.command({"checkpoint", "accept-gap", "--yes"}), HasSubstr("was missing"));
  world.start();
  EXPECT_EQ(world.wait_delivered(5).size(), 5U);
}

TEST(Checkpoint, SetGoesPastRowsThatNoPublicationCovered) {
  World world = stopped_after_three_events();
  world.sql("drop publication " + world.publication());
  world.emit(1);
  world.sql("create publication " + world.publication() +
            " for table outbox with (publish = 'insert')");
  world.command({"checkpoint", "accept-gap", "--yes"});
  world.start();
  // It halts over the publication, or retries if the stream broke off before it had begun.
  world.wait_reason(world.slot());
  world.stop();
  EXPECT_THAT(world.command({"checkpoint", "set", "--lsn", "end", "--yes"}),
              HasSubstr("are not delivered"));
  world.start();
  world.emit(2);
  EXPECT_EQ(world.wait_delivered(5).size(), 5U);
}

TEST(Checkpoint, SetTakesOnlyPlacesThatTheSlotHolds) {
  const World world = stopped_after_three_events();
  const std::string before = checkpoint_of(world);
  for (const char* place : {"0/10", "FFFFFF/0"}) {
    const std::string said = world.command({"checkpoint", "set", "--lsn", place, "--yes"});
    EXPECT_THAT(said, HasSubstr("exit 78"));
    EXPECT_THAT(said, HasSubstr(std::string(place) + " is not held by slot"));
  }
  EXPECT_THAT(world.command({"checkpoint", "set", "--lsn", "there", "--yes"}),
              HasSubstr("exit 64"));
  EXPECT_EQ(checkpoint_of(world), before);
}

TEST(Checkpoint, SetBackRepeatsWhatTheSlotStillHolds) {
  World world;
  world.setup();
  const auto copy_slot = [&](const std::string& from, const std::string& to) {
    world.sql("select pg_copy_logical_replication_slot('" + from + "', '" + to + "')");
  };
  const auto drop_slot = [&](const std::string& name) {
    world.sql("select pg_drop_replication_slot('" + name + "')");
  };
  const std::string kept = world.slot() + "_kept";
  copy_slot(world.slot(), kept);
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  drop_slot(world.slot());
  copy_slot(kept, world.slot());
  drop_slot(kept);
  const std::string begin = world.confirmed_flush();
  const std::string before = checkpoint_of(world);
  EXPECT_THAT(world.command({"checkpoint", "set", "--lsn", begin}),
              HasSubstr("are delivered again"));
  EXPECT_EQ(checkpoint_of(world), before);
  world.command({"checkpoint", "set", "--lsn", begin, "--yes"});
  EXPECT_EQ(checkpoint_of(world), begin);
  world.start();
  world.emit(1);
  EXPECT_EQ(world.wait_delivered(7).size(), 7U);
}

TEST(Checkpoint, ARelayThatWasFrozenCannotWriteAfterTheCommand) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.pause_relay();
  world.emit(2);
  // What the server does by itself once the paused relay is silent for wal_sender_timeout.
  world.sql(
      "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '" +
      world.slot() + "'");
  world.wait_until("the lock is free", [&] {
    return world.command({"checkpoint", "set", "--lsn", "end"}).find("exit 69") ==
           std::string::npos;
  });
  EXPECT_THAT(world.command({"checkpoint", "set", "--lsn", "end", "--yes"}),
              HasSubstr("was moved"));
  world.resume_relay();
  world.emit(1);
  EXPECT_EQ(world.wait_delivered(4).size(), 4U);
  world.stop();
  EXPECT_EQ(world.delivered().size(), 4U);
}

TEST(Checkpoint, AdoptTakesOverADatabaseThatWasRestoredFromBeforeTheCheckpoint) {
  World world(World::OwnPostgres{});
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  world.postgres().take_snapshot();
  world.start();
  world.emit(4);
  world.wait_delivered(7);
  world.stop();
  world.postgres().restore_snapshot();
  world.start();
  EXPECT_THAT(world.wait_state("halted").hint, HasSubstr("outrider checkpoint adopt"));
  EXPECT_THAT(world.command({"checkpoint", "accept-gap", "--yes"}),
              HasSubstr("outrider checkpoint adopt"));
  const std::string before = checkpoint_of(world);
  EXPECT_THAT(world.command({"checkpoint", "adopt"}), HasSubstr("would be moved"));
  EXPECT_EQ(checkpoint_of(world), before);
  EXPECT_THAT(world.command({"checkpoint", "adopt", "--yes"}), HasSubstr("stay delivered"));
  world.stop();
  world.emit(2);
  world.start();
  // The restored slot may begin before the three events that the snapshot holds.
  world.wait_until("the new events are delivered", [&] { return world.delivered().size() >= 9; });
  EXPECT_EQ(world.wait_state("streaming").reason, "");
  EXPECT_LE(world.delivered().size(), 12U);
}

TEST(Checkpoint, AdoptLeavesTheCheckpointOfAnotherDatabaseAlone) {
  World old = stopped_after_three_events();
  World other;
  other.use_identity_of(old);
  other.setup();
  EXPECT_THAT(other.command({"checkpoint", "adopt", "--yes"}),
              HasSubstr("belongs to another database: "));
  EXPECT_EQ(shown(old)["start"]["outcome"], "resume");
}

}  // namespace
}  // namespace outrider::testing
