// What the source tells the server, and when: never more than is durable, and never too late.
#include "tests/unit/connectors/postgres/source_world.h"

namespace outrider::postgres {
namespace {

using namespace outrider::testing;

TEST(SourceFeedback, TheFirstStatusRepeatsTheSlotsPositionNotTheCheckpoint) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(300));
  ASSERT_EQ(world.statuses().size(), 1U);
  EXPECT_EQ(world.statuses()[0].flush, 100U);
  EXPECT_EQ(world.statuses()[0].apply, 100U);
  EXPECT_EQ(world.statuses()[0].reply_requested, 0U);
  EXPECT_EQ(world.statuses()[0].sent_since_2000_us, since_2000(world.now.wall));
}

TEST(SourceFeedback, WhatIsReceivedIsWrittenButNotFlushed) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  ASSERT_EQ(world.read(), "a commit ");
  world.pass(1s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_EQ(world.statuses().size(), 2U);
  EXPECT_EQ(world.statuses()[1].write, 210U);
  EXPECT_EQ(world.statuses()[1].flush, 100U);
  EXPECT_EQ(world.statuses()[1].apply, 100U);
}

TEST(SourceFeedback, AConfirmationIsSentAtMostEveryHundredMilliseconds) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint64_t final_lsn = 200 + 10 * i;
    world.send_transaction(final_lsn, 7, "a");
    ASSERT_EQ(world.read(), "a commit ");
    ASSERT_EQ(world.confirm(world.reached()), "");
    EXPECT_LE(world.sleeps(), 100ms);
    world.pass(10ms);
    ASSERT_EQ(world.tick(), "");
    EXPECT_LE(world.statuses().back().flush, final_lsn + 10);
  }
  EXPECT_EQ(world.statuses().size(), 1U + 10U);
  EXPECT_EQ(world.statuses().back().flush, 1200U);
}

TEST(SourceFeedback, TheFlushNeverGoesBack) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  ASSERT_EQ(world.read(), "a commit ");
  ASSERT_EQ(world.confirm(world.reached()), "");
  ASSERT_EQ(world.confirm(SourceWorld::checkpoint(100)), "");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 210U);
}

TEST(SourceFeedback, APartialPositionConfirmsOnlyTheLastCompleteTransaction) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  world.send_begin(300, 8);
  world.send_row("b");
  ASSERT_EQ(world.read(), "a commit b ");
  ASSERT_FALSE(world.reached().partial.none());
  ASSERT_EQ(world.confirm(world.reached()), "");
  world.pass(1s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 210U);
}

TEST(SourceFeedback, AStatusIsSentEveryTenSecondsWhateverHappens) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  for (int i = 0; i < 6; ++i) {
    EXPECT_LE(world.sleeps(Source::Reading::No), 10s);
    world.pass(9s);
    ASSERT_EQ(world.tick(), "");
    world.pass(1s);
    ASSERT_EQ(world.tick(), "");
  }
  EXPECT_EQ(world.statuses().size(), 7U);
  EXPECT_EQ(world.statuses().back().flush, 100U);
}

TEST(SourceFeedback, AStatusIsSentAtOnceWhenTheServerAsks) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_keepalive(150, true);
  ASSERT_EQ(world.read(), "idle! ");
  EXPECT_LE(world.sleeps(Source::Reading::No), 0s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_EQ(world.statuses().size(), 2U);
  EXPECT_EQ(world.statuses()[1].write, 150U);
  EXPECT_EQ(world.statuses()[1].flush, 100U);
  EXPECT_GT(world.sleeps(Source::Reading::No), 1s);
}

TEST(SourceFeedback, AnIdlePositionThatIsDurableIsConfirmed) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_keepalive(150);
  ASSERT_EQ(world.read(), "idle ");
  ASSERT_EQ(world.confirm(world.reached()), "");
  world.pass(100ms);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 150U);
}

TEST(SourceFeedback, TheServerForgetsNothingBeforeTheHistoryIsVerified) {
  PostgresPosition checkpoint = SourceWorld::checkpoint(300);
  checkpoint.last = {.end_lsn = Lsn{210},
                     .xid = 7,
                     .commit_time_us = SourceWorld::commit_time().time_since_epoch().count()};
  SourceWorld world;
  world.stream_from(checkpoint);
  // An orderly stop writes the position it began from once more, and so confirms it.
  ASSERT_EQ(world.confirm(checkpoint), "");
  world.pass(1s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 100U);
  world.send_transaction(200, 7, "a");
  ASSERT_EQ(world.read(), "");
  world.pass(1s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 100U);
  world.send_keepalive(299);
  ASSERT_EQ(world.read(), "");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 100U);
  world.send_keepalive(300);
  ASSERT_EQ(world.read(), "");
  world.pass(1s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 300U);
}

TEST(SourceFeedback, OnceVerifiedTheCheckpointItselfIsConfirmed) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(300));
  world.send_begin(400, 8);
  ASSERT_EQ(world.read(), "");
  world.pass(1s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.statuses().back().flush, 300U);
}

TEST(SourceFeedback, AStopBeforeTheHistoryIsVerifiedConfirmsNothing) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(300));
  ASSERT_EQ(world.confirm(SourceWorld::checkpoint(300)), "");
  world.source.release();
  EXPECT_EQ(world.statuses().back().flush, 100U);
}

}  // namespace
}  // namespace outrider::postgres
