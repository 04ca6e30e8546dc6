// While the source starts, holds its slot without reading it, and lets go of it: nothing waits for
// ever, and nothing wakes without need.
#include "tests/unit/connectors/postgres/source_world.h"

namespace outrider::postgres {
namespace {

using namespace outrider::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = Connection::Kind;

struct SilentStep {
  std::string_view name;
  Duration limit;
  void (*keep_silent)(SourceWorld&);
};

class EachStepOfTheStart : public ::testing::TestWithParam<SilentStep> {};

TEST_P(EachStepOfTheStart, EndsInTimeWhenTheServerSaysNothing) {
  SourceWorld world;
  GetParam().keep_silent(world);
  std::string last = world.acquire();
  if (last == "held") last = world.start(SourceWorld::checkpoint(100));
  ASSERT_EQ(last, "working");
  EXPECT_EQ(world.sleeps(), GetParam().limit);
  world.pass(GetParam().limit - 1ms);
  const auto again = [&] {
    const std::string standing = world.acquire();
    return standing == "working" ? world.start(SourceWorld::checkpoint(100)) : standing;
  };
  EXPECT_EQ(again(), "working");
  world.pass(1ms);
  EXPECT_THAT(again(), AllOf(StartsWith("unavailable"), HasSubstr("did not answer in time")));
}

INSTANTIATE_TEST_SUITE_P(
    Source, EachStepOfTheStart,
    ::testing::Values(
        SilentStep{"ConnectWatch", 10s,
                   [](SourceWorld& world) { world.server.unreachable[Kind::Ordinary] = true; }},
        SilentStep{"QueryOwner", 10s,
                   [](SourceWorld& world) { world.server.keep_silent("json_build_object"); }},
        SilentStep{"ConnectStream", 10s,
                   [](SourceWorld& world) { world.server.unreachable[Kind::Replication] = true; }},
        SilentStep{"Lock", 10s,
                   [](SourceWorld& world) { world.server.keep_silent("pg_try_advisory_lock"); }},
        SilentStep{"Identify", 10s,
                   [](SourceWorld& world) { world.server.keep_silent("IDENTIFY_SYSTEM"); }},
        SilentStep{"History", 10s,
                   [](SourceWorld& world) {
                     world.server.answer("IDENTIFY_SYSTEM", one_row({"77", "2", "0/1", "shop"}));
                     world.server.keep_silent("TIMELINE_HISTORY");
                   }},
        SilentStep{"QuerySetup", 10s,
                   [](SourceWorld& world) {
                     world.server.facts["setup_table_readable"] = true;
                     world.server.keep_silent("from outrider.slot");
                   }},
        SilentStep{"BeginStream", 60s,
                   [](SourceWorld& world) { world.server.keep_silent("START_REPLICATION"); }}),
    [](const auto& step) { return std::string(step.param.name); });

TEST(SourceStart, EachStepWaitsOnlyForTheConnectionThatItAsked) {
  SourceWorld world;
  world.server.keep_silent("IDENTIFY_SYSTEM");
  ASSERT_EQ(world.acquire(), "working");
  EXPECT_EQ(world.waits_for(world.server.stream()), "r");
  EXPECT_EQ(world.waits_for(world.server.watch()), "");
  world.server.answer("IDENTIFY_SYSTEM", one_row({"77", "1", "0/1000", "shop"}));
  world.server.keep_silent("json_build_object");
  ASSERT_EQ(world.acquire(), "working");
  EXPECT_EQ(world.waits_for(world.server.stream()), "");
  EXPECT_EQ(world.waits_for(world.server.watch()), "r");
  world.pass(10s);
  EXPECT_THAT(world.acquire(), StartsWith("unavailable"));
}

TEST(SourceStart, EventsThatArriveBeforeTheSlotIsReadAgainDoNotWake) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.keep_silent("json_build_object");
  ASSERT_EQ(world.start(SourceWorld::checkpoint(100)), "working");
  EXPECT_EQ(world.waits_for(world.server.stream()), "");
  EXPECT_EQ(world.waits_for(world.server.watch()), "r");
  EXPECT_EQ(world.sleeps(), 10s);
  world.pass(10s);
  EXPECT_THAT(world.start(SourceWorld::checkpoint(100)), StartsWith("unavailable"));
}

TEST(SourceHolding, BothConnectionsAreSpokenToEveryTenSeconds) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  for (int second = 0; second < 60; ++second) {
    ASSERT_EQ(world.tick(), "");
    world.pass(1s);
  }
  EXPECT_EQ(std::ranges::count(world.server.stream().queries, "SELECT 1"), 5);
  EXPECT_EQ(std::ranges::count(world.server.watch().queries, "SELECT 1"), 5);
}

TEST(SourceHolding, SleepsUntilTheNextWordIsDue) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.sleeps(Source::Reading::No), 10s);
  EXPECT_EQ(world.waits_for(world.server.stream(), Source::Reading::No), "r");
  EXPECT_EQ(world.waits_for(world.server.watch(), Source::Reading::No), "r");
}

TEST(SourceHolding, AnUnansweredWordNeitherSpinsNorLastsForEver) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.keep_silent("SELECT 1");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.sleeps(), 10s);
  world.pass(10s);
  EXPECT_THAT(world.tick(), StartsWith("unavailable"));
}

TEST(SourceHolding, TheEndOfTheConnectionThatHoldsTheLockIsNoticedAtOnce) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.stream().ended = shutdown_error();
  EXPECT_THAT(world.tick(), AllOf(StartsWith("unavailable"), HasSubstr("57P01")));
}

TEST(SourceHolding, TheEndOfTheWatchingConnectionIsNoticedAtOnce) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.watch().ended = shutdown_error();
  EXPECT_THAT(world.tick(), AllOf(StartsWith("unavailable"), HasSubstr("57P01")));
}

TEST(SourceHolding, TheStartWaitsForTheAnswerAndFollowsItAtOnce) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.keep_silent("SELECT 1");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.start(SourceWorld::checkpoint(100)), "working");
  EXPECT_EQ(world.server.queries_with("START_REPLICATION"), 0U);
  world.server.answer("SELECT 1", one_row({"1"}));
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.start(SourceWorld::checkpoint(100)), "streaming");
  EXPECT_EQ(world.server.queries_with("SELECT 1"), 2U);
}

TEST(SourceHolding, AnAnswerThatTheStartWaitsForIsNotTakenByAnother) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.keep_silent("SELECT 1");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_EQ(world.start(SourceWorld::checkpoint(100)), "working");
  world.server.answer("SELECT 1", one_row({"1"}));
  // Taken here, it would wake nobody: the start would wait for the next time-out.
  ASSERT_EQ(world.tick(), "");
  EXPECT_TRUE(world.server.stream().unanswered);
}

TEST(SourceHolding, AnAnswerThatNeverComesEndsTheStart) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.keep_silent("SELECT 1");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_EQ(world.start(SourceWorld::checkpoint(100)), "working");
  EXPECT_EQ(world.sleeps(), 10s);
  world.pass(10s);
  EXPECT_THAT(world.start(SourceWorld::checkpoint(100)), StartsWith("unavailable"));
}

TEST(SourceRelease, ClosesBothConnectionsAndCanBeginAgain) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.source.release();
  EXPECT_TRUE(world.server.stream().copy_end_seen);
  EXPECT_FALSE(world.server.stream().open);
  EXPECT_FALSE(world.server.watch().open);
  EXPECT_EQ(world.source.wake(Source::Reading::Yes).at(), TimePoint::max());
  EXPECT_TRUE(world.source.wake(Source::Reading::Yes).descriptors().empty());
  EXPECT_EQ(world.tick(), "");
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  EXPECT_EQ(world.read(), "a commit ");
  EXPECT_EQ(world.source.counters().connects, 4U);
}

TEST(SourceRelease, SaysALastTimeWhatWasConfirmed) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  ASSERT_EQ(world.read(), "a commit ");
  const std::size_t before = world.statuses().size();
  ASSERT_EQ(world.confirm(world.reached()), "");
  world.source.release();
  ASSERT_EQ(world.statuses().size(), before + 1);
  EXPECT_EQ(world.statuses().back().flush, 210U);
}

TEST(SourceRelease, SaysNothingMoreWhenNothingIsNew) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  const std::size_t before = world.statuses().size();
  world.source.release();
  EXPECT_EQ(world.statuses().size(), before);
}

TEST(SourceRelease, IsAllowedAtAnyTime) {
  SourceWorld world;
  world.source.release();
  world.server.keep_silent("IDENTIFY_SYSTEM");
  ASSERT_EQ(world.acquire(), "working");
  world.source.release();
  EXPECT_FALSE(world.server.stream().open);
  world.server.answer("IDENTIFY_SYSTEM", one_row({"77", "1", "0/1000", "shop"}));
  ASSERT_EQ(world.acquire(), "held");
  world.source.release();
  EXPECT_EQ(world.acquire(), "held");
}

TEST(SourceRelease, ABrokenStreamIsLetGoOfAllTheSame) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  ASSERT_EQ(world.read(), "a commit ");
  ASSERT_EQ(world.confirm(world.reached()), "");
  world.server.stream().ended = shutdown_error();
  world.source.release();
  EXPECT_FALSE(world.server.stream().open);
}

}  // namespace
}  // namespace outrider::postgres
