// How old the oldest undelivered event is, in good times and over everything that goes wrong.
#include "tests/unit/relay/core/pipeline_rig.h"

#include <gtest/gtest.h>

#include <chrono>

namespace outrider {
namespace {

using namespace std::chrono_literals;
using testing::commit;
using testing::idle;
using testing::Rig;
using testing::row;

constexpr WallTime kFirst{100s};
constexpr WallTime kSecond{200s};
constexpr WallTime kNone{};

WallTime oldest_in(const Rig& rig) { return rig.pipeline->counters().oldest_undelivered; }

/// Two transactions that the sink has and does not deliver.
struct StuckRig : Rig {
  explicit StuckRig(PipelineOptions options = {}) : Rig(std::move(options)) {
    sink->delivers_at_once = false;
    source->script = {row(1, "a", kFirst), commit(1), row(2, "b", kSecond), commit(2)};
    run();
  }
  void lose_the_sink() {
    sink->step_error = Error{ErrorKind::Unavailable, "Kafka is away"};
    run(1);
  }
};

TEST(Lag, IsThatOfTheOldestEventInFlightAndNoneOnceAllAreDelivered) {
  StuckRig rig;
  EXPECT_EQ(oldest_in(rig), kFirst);
  rig.sink->deliver(1);
  rig.run();
  EXPECT_EQ(oldest_in(rig), kSecond);
  rig.sink->deliver(1);
  rig.run();
  EXPECT_EQ(oldest_in(rig), kNone);
}

TEST(Lag, AnIdlePositionInFlightIsNoEventThatWaits) {
  Rig rig;
  rig.sink->delivers_at_once = false;
  rig.source->script = {idle(true)};
  rig.run();
  rig.run_after(20s);
  ASSERT_EQ(rig.sink->sealed.size(), 1U);
  EXPECT_EQ(oldest_in(rig), kNone);
}

TEST(Lag, GoesOnWhileTheSinkIsAway) {
  StuckRig rig;
  for (int i = 0; i < 5; ++i) {
    rig.lose_the_sink();
    EXPECT_EQ(rig.state(), PipelineState::Retrying);
    EXPECT_EQ(oldest_in(rig), kFirst);
    rig.run_after(20s);
    EXPECT_EQ(oldest_in(rig), kFirst);
  }
  rig.sink->delivers_at_once = true;
  rig.run_after(20s);
  EXPECT_EQ(oldest_in(rig), kNone);
}

TEST(Lag, GoesOnWhileTheSourceIsAway) {
  StuckRig rig;
  rig.source->next_error = Error{ErrorKind::Unavailable, "Postgres is away"};
  rig.source->standing = Source::Standing::Working;
  rig.run();
  rig.run_after(20s);
  EXPECT_EQ(oldest_in(rig), kFirst);
}

TEST(Lag, GoesOnWhileThePipelineIsHalted) {
  StuckRig rig;
  rig.sink->step_error = Error{ErrorKind::Refused, "no"};
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_EQ(oldest_in(rig), kFirst);
}

TEST(Lag, EndsWithACommitThatOnlyTheNextStartHearsOf) {
  StuckRig rig;
  rig.sink->checkpoint = Checkpoint{.position = testing::position_at(4)};
  rig.lose_the_sink();
  EXPECT_EQ(oldest_in(rig), kFirst);
  rig.run_after(20s);
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
  EXPECT_EQ(oldest_in(rig), kNone);
}

TEST(Lag, IsNotForgottenForAnOlderEventThatIsDeliveredAgain) {
  StuckRig rig({.delivery = Delivery::AtLeastOnce});
  rig.sink->deliver(1);
  rig.run();
  rig.lose_the_sink();
  rig.sink->checkpoint = Checkpoint{.position = testing::position_at(0)};
  rig.source->ready = 2;
  rig.sink->delivers_at_once = true;
  rig.run_after(20s);
  EXPECT_EQ(oldest_in(rig), kSecond) << "the second did not come again yet";
  rig.source->ready = 4;
  rig.run();
  EXPECT_EQ(oldest_in(rig), kNone);
}

TEST(Lag, OfTheEventsOfAnotherOwnerEndsWhenThatHasDeliveredThem) {
  StuckRig rig;
  rig.lose_the_sink();
  rig.source->standing = Source::Standing::Standby;
  rig.run_after(20s);
  EXPECT_EQ(rig.state(), PipelineState::Standby);
  EXPECT_EQ(oldest_in(rig), kFirst);
  rig.source->acknowledge(2);
  rig.run();
  EXPECT_EQ(oldest_in(rig), kNone);
}

TEST(Lag, IsThatOfTheBadEventOverWhichThePipelineHalts) {
  Rig rig;
  rig.source->script = {row(1, "a", kFirst), commit(1), row(2, "b", kSecond), commit(2)};
  rig.source->script[2].key.reset();
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_EQ(rig.pipeline->counters().events_published, 1U);
  EXPECT_EQ(oldest_in(rig), kSecond);
}

TEST(Lag, OfABadEventThatIsLeftOutDoesNotLast) {
  Rig rig({.bad_event = BadEventPolicy::Skip});
  rig.source->script = {row(1, "a", kFirst), row(1, "b", kFirst), commit(1)};
  rig.source->script[1].key.reset();
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
  EXPECT_EQ(oldest_in(rig), kNone);
}

}  // namespace
}  // namespace outrider
