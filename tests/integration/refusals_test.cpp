// What the relay must not pass over in silence: each a clear halt that names cause and remedy.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using ::testing::HasSubstr;

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

void expect_halt(World& world, const std::string& reason, const std::string& hint) {
  const PipelineReport report = world.wait_state("halted");
  EXPECT_THAT(report.reason, HasSubstr(reason));
  EXPECT_THAT(report.hint, HasSubstr(hint));
  EXPECT_TRUE(world.is_live());
  EXPECT_FALSE(world.is_ready());
}

TEST(Refusals, ADroppedSlotHaltsAndNamesSetup) {
  World world = stopped_after_three_events();
  world.sql("select pg_drop_replication_slot('" + world.slot() + "')");
  world.start();
  expect_halt(world, "slot \"" + world.slot() + "\" does not exist", "outrider setup");
  EXPECT_EQ(world.delivered().size(), 3U);
}

TEST(Refusals, ASlotCreatedAnewAfterALossIsAGap) {
  World world = stopped_after_three_events();
  world.sql("select pg_drop_replication_slot('" + world.slot() + "')");
  world.emit(2);
  world.sql("select pg_create_logical_replication_slot('" + world.slot() + "', 'pgoutput')");
  world.start();
  expect_halt(world, "was advanced or created anew", "outrider checkpoint accept-gap");
}

TEST(Refusals, ASlotAdvancedByHandIsAGap) {
  World world = stopped_after_three_events();
  world.emit(2);
  world.sql("select pg_replication_slot_advance('" + world.slot() + "', pg_current_wal_lsn())");
  world.start();
  expect_halt(world, "was advanced or created anew", "outrider checkpoint accept-gap");
  EXPECT_EQ(world.delivered().size(), 3U);
}

TEST(Refusals, ASlotReadByAnotherClientIsNamedAndTakenWhenItIsFree) {
  World world = stopped_after_three_events();
  ForeignReader reader = world.read_slot_elsewhere();
  world.emit(2);
  world.start();
  const PipelineReport report = world.wait_reason("is read by another client, PID");
  EXPECT_THAT(report.hint, HasSubstr("pg_terminate_backend"));
  reader.stop();
  world.wait_delivered(5);
}

void expect_foreign(World other, const std::string& what) {
  World world = stopped_after_three_events();
  other.use_identity_of(world);
  other.setup();
  world.start();
  world.wait_state("streaming");
  other.start();
  expect_halt(other, "the checkpoint belongs to another " + what, "identity");
  world.emit(2);
  world.wait_delivered(5);
  EXPECT_EQ(world.metric("outrider_rebuilds_total"), 0);
}

TEST(Refusals, ACheckpointOfAnotherDatabaseIsForeignAndNobodyIsFenced) {
  expect_foreign(World(), "database: ");
}

TEST(Refusals, ACheckpointOfAnotherClusterIsForeignAndNobodyIsFenced) {
  expect_foreign(World(World::OwnPostgres{}), "database cluster: ");
}

TEST(Refusals, ADatabaseRestoredFromBeforeTheCheckpointIsRefused) {
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
  expect_halt(world, "the server's log ends at", "outrider checkpoint adopt");
  world.stop();
  // The restored server goes on beyond the checkpoint: its history is another one all the same.
  world.emit(400);
  world.start();
  expect_halt(world, "history is not the one that was delivered", "outrider checkpoint adopt");
  EXPECT_EQ(world.delivered().size(), 7U);
}

TEST(Refusals, ADatabaseRestoredFromBeforeTheFirstEventIsRefusedAlthoughNoneWasSeen) {
  const std::string noise =
      "create table noise as select generate_series(1, 20000) n; "
      "drop table noise";
  World world(World::OwnPostgres{});
  world.setup();
  world.postgres().take_snapshot();
  world.start();
  world.wait_state("streaming");
  world.sql(noise);
  const std::string end = world.sql_value("select pg_current_wal_lsn()");
  world.wait_until("the slot has passed the noise", [&] {
    return world.sql_value("select ('" + world.confirmed_flush() + "'::pg_lsn >= '" + end +
                           "')::text") == "true";
  });
  world.stop();
  world.postgres().restore_snapshot();
  // Before the place of the checkpoint, and then beyond it.
  world.emit(2);
  world.sql(noise + "; " + noise);
  world.start();
  expect_halt(world, "history is not the one that was delivered", "outrider checkpoint adopt");
  EXPECT_EQ(world.delivered().size(), 0U);
}

TEST(Refusals, ASlotWithTwoPhaseIsNotReadBecauseItSendsWhatMayNeverCommit) {
  World world;
  world.setup();
  world.sql("select pg_drop_replication_slot('" + world.slot() + "')");
  world.sql("select pg_create_logical_replication_slot('" + world.slot() +
            "', 'pgoutput', false, true)");
  world.start();
  expect_halt(world, "was created with two_phase", "without two_phase");
}

TEST(Refusals, AMissingPublicationIsNamedWithItsStatement) {
  World world = stopped_after_three_events();
  world.sql("drop publication " + world.publication());
  world.start();
  expect_halt(world, "publication \"" + world.publication() + "\" does not exist",
              "CREATE PUBLICATION");
}

TEST(Refusals, APublicationCreatedAnewMayHaveLostRows) {
  World world = stopped_after_three_events();
  world.sql("drop publication " + world.publication());
  world.emit(1);
  world.sql("create publication " + world.publication() +
            " for table outbox with (publish = 'insert')");
  world.start();
  expect_halt(world, "were dropped, created or added anew", "outrider checkpoint accept-gap");
}

TEST(Refusals, ATableThatIsNoLongerCoveredHaltsARunningPipeline) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.sql("alter publication " + world.publication() + " drop table outbox");
  expect_halt(world, "does not cover table \"public\".\"outbox\"", "ADD TABLE");
}

TEST(Refusals, RowsAfterATableWasLeftOutForAMomentAreNotSent) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.sql("alter publication " + world.publication() + " drop table outbox");
  world.emit(1);
  world.sql("alter publication " + world.publication() + " add table outbox");
  world.emit(1);
  expect_halt(world, "were dropped, created or added anew", "outrider checkpoint accept-gap");
  EXPECT_EQ(world.delivered().size(), 3U);
}

TEST(Refusals, AMissingColumnHaltsBeforeTheFirstRowWithoutIt) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.sql("alter table outbox rename column payload to body");
  world.sql(
      "insert into outbox (id, aggregatetype, aggregateid, type, body) "
      "values (gen_random_uuid(), '" +
      world.aggregate() + "', '1', 'x', '{}')");
  expect_halt(world, "misses column \"payload\"", "outbox.columns");
  EXPECT_EQ(world.delivered().size(), 3U);
}

TEST(Refusals, ANullKeyHaltsAfterEverythingBeforeItAndOtherPipelinesGoOn) {
  World world;
  world.add_pipeline("second");
  world.setup();
  world.sql("alter table outbox alter column aggregateid drop not null");
  world.start();
  world.emit(3);
  world.sql("begin; " + world.insert("'9'", "'{\"n\": 1}'") + world.insert("null", "'{}'") +
            "commit");
  world.emit(2);
  expect_halt(world, "\"aggregateid\" of \"public\".\"outbox\" is NULL", "NOT NULL");
  EXPECT_EQ(world.delivered().size(), 3U);
  world.emit_in("second", 4);
  world.wait_delivered_in("second", 4);
}

TEST(Refusals, ARecordThatIsTooLargeHaltsAndNamesTheLimit) {
  World world;
  world.setup(Payload::Text);
  world.start();
  world.emit(2);
  world.wait_delivered(2);
  world.sql(world.insert("'big'", "repeat('x', 3000000)"));
  world.emit(2);
  expect_halt(world, "too large", "max.message.bytes");
  EXPECT_EQ(world.delivered().size(), 2U);
}

TEST(Refusals, AMissingTopicHaltsWhenCreationIsOff) {
  World world;
  world.options().create_topics = false;
  world.setup();
  world.start();
  world.emit(1);
  expect_halt(world, "does not exist", "topics.create");
}

TEST(Refusals, RowsFromBeforeTheSlotAreNotLeftOutInSilence) {
  World world;
  world.sql(world.create_table(Payload::Jsonb));
  world.emit(5);
  world.setup();
  world.start();
  expect_halt(world, "up to 5 rows were in the outbox before", "on_first_start");
}

}  // namespace
}  // namespace outrider::testing
