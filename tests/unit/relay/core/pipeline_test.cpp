#include "relay/core/pipeline.h"

#include "tests/unit/relay/core/pipeline_rig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using testing::commit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::idle;
using ::testing::IsEmpty;
using testing::Rig;
using testing::row;
using testing::Scripted;
using namespace std::chrono_literals;

TEST(Pipeline, DeliversEveryEventAndConfirmsTheEndOfItsTransaction) {
  Rig rig;
  rig.source->script = {row(1, "a"), row(1, "b"), commit(1), row(2, "c"), commit(2)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(rig.sink->offered[0].ticket, rig.sink->offered[1].ticket);
  EXPECT_NE(rig.sink->offered[1].ticket, rig.sink->offered[2].ticket);
  EXPECT_EQ(rig.source->confirmed.back(), 5U);
  EXPECT_EQ(rig.pipeline->counters().events_published, 3U);
  EXPECT_EQ(rig.pipeline->counters().last_published, WallTime{2s});
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
}

TEST(Pipeline, ConfirmsNothingBeforeTheSinkIsSure) {
  Rig rig;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), commit(1), row(2, "b"), commit(2), idle(true)};
  rig.run();
  rig.run_after(20s);
  EXPECT_THAT(rig.source->confirmed, IsEmpty());
  rig.sink->deliver(1);
  rig.run();
  EXPECT_THAT(rig.source->confirmed, ElementsAre(2U));
}

TEST(Pipeline, LooksAtTheCheckpointBeforeItFencesAnyone) {
  Rig rig;
  rig.sink->checkpoint = Checkpoint{.position = testing::position_at(1)};
  rig.source->admit_error = Error{ErrorKind::Refused, "foreign", "hint"};
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_EQ(rig.pipeline->status().reason, "foreign");
  EXPECT_THAT(rig.sink->calls, ElementsAre("look", "abandon"));
}

TEST(Pipeline, ResumesFromTheCheckpointOfTheSink) {
  Rig rig;
  rig.sink->checkpoint = Checkpoint{.position = testing::position_at(2)};
  rig.source->script = {row(1, "a"), commit(1), row(2, "b"), commit(2)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("b"));
}

TEST(Pipeline, MakesTheFirstCheckpointDurableBeforeItStreams) {
  Rig rig;
  rig.source->write_first_checkpoint = true;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), commit(1)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), IsEmpty());
  ASSERT_EQ(rig.sink->sealed.size(), 1U);
  EXPECT_EQ(rig.sink->sealed[0].position, 0U);
  rig.sink->deliver(1);
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
}

TEST(Pipeline, SplitsATransactionLargerThanATicketAtTheLastOfferedEvent) {
  Rig rig;
  rig.sink->ticket_limits.records = 2;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), row(1, "b"), row(1, "c"), commit(1)};
  rig.run();
  ASSERT_EQ(rig.sink->sealed.size(), 2U);
  EXPECT_EQ(rig.sink->sealed[0].position, 2U);
  EXPECT_EQ(rig.sink->sealed[1].position, 4U);
}

TEST(Pipeline, ATransactionThatTheSourceDoesNotFinishIsDeliveredInPartAfterMaxOpen) {
  Rig rig;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), row(1, "b"), commit(1)};
  rig.source->ready = 1;
  rig.run();
  rig.run_after(4s);
  EXPECT_TRUE(rig.sink->sealed.empty());
  rig.run_after(2s);
  ASSERT_EQ(rig.sink->sealed.size(), 1U);
  EXPECT_EQ(rig.sink->sealed[0].position, 1U);
}

TEST(Pipeline, TimeThatTheSinkTakesDoesNotTearATransaction) {
  Rig rig;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), row(1, "b"), commit(1)};
  rig.source->ready = 1;
  rig.run();
  rig.source->ready = 2;
  rig.sink->is_full = true;
  rig.run();
  rig.now += 60s;
  rig.sink->is_full = false;
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b"));
  EXPECT_TRUE(rig.sink->sealed.empty()) << "the source has only just been asked for the rest";
  rig.run_after(6s);
  EXPECT_EQ(rig.sink->sealed.size(), 1U);
}

TEST(Pipeline, AFullSinkHoldsTheEventBackUntilThereIsRoom) {
  Rig rig;
  rig.source->script = {row(1, "a"), row(1, "b"), commit(1)};
  rig.sink->is_full = true;
  rig.run();
  EXPECT_THAT(rig.offered_ids(), IsEmpty());
  rig.now += 3s;
  rig.sink->is_full = false;
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b"));
  EXPECT_EQ(rig.pipeline->counters().events_received, 2U);
  EXPECT_DOUBLE_EQ(rig.pipeline->counters().backpressure_seconds, 3.0);
}

TEST(Pipeline, AFullSinkLetsTheRunnerSleep) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1)};
  rig.sink->is_full = true;
  rig.run();
  rig.now += 60s;
  const Wake wake = rig.pipeline->step({.steady = rig.now, .wall = {}});
  EXPECT_GT(wake.at(), rig.now);
}

TEST(Pipeline, WritesIdlePositionsAtMostEveryIntervalAndSoonIfTheServerAsks) {
  Rig rig;
  rig.source->script = {idle(), idle(), idle(true)};
  rig.source->ready = 1;
  rig.run();
  EXPECT_THAT(rig.source->confirmed, IsEmpty());
  rig.run_after(10s);
  EXPECT_THAT(rig.source->confirmed, ElementsAre(1U));
  rig.source->ready = 2;
  rig.run_after(2s);
  EXPECT_THAT(rig.source->confirmed, ElementsAre(1U));
  rig.source->ready = 3;
  rig.run();
  EXPECT_THAT(rig.source->confirmed, ElementsAre(1U, 3U));
}

TEST(Pipeline, ABadEventHaltsAfterEverythingBeforeItsTransaction) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1), row(2, "b"), commit(2)};
  rig.source->script[2].key = std::nullopt;
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_THAT(rig.pipeline->status().reason, HasSubstr("\"aggregateid\""));
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
  EXPECT_EQ(testing::events_done(rig.sink->checkpoint->position), 2U);
}

TEST(Pipeline, ABadEventInMidTransactionIsNeverHalfDelivered) {
  Rig rig;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), commit(1), row(2, "b"), row(2, "c"), commit(2)};
  rig.source->script[3].key = std::nullopt;
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Retrying);
  rig.sink->offered.clear();
  rig.sink->delivers_at_once = true;
  rig.run_after(10s);
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
  EXPECT_EQ(testing::events_done(rig.sink->checkpoint->position), 2U);
}

TEST(Pipeline, ARecordThatTheSinkRefusesHaltsLikeABadEvent) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1), row(2, "big"), commit(2)};
  rig.sink->reject = [](const std::string& id) -> std::optional<Error> {
    if (id != "big") return std::nullopt;
    return Error{ErrorKind::BadEvent, "too large", "raise max.message.bytes"};
  };
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_THAT(rig.pipeline->status().hint, HasSubstr("raise max.message.bytes; `outrider skip "));
  EXPECT_EQ(testing::events_done(rig.sink->checkpoint->position), 2U);
}

TEST(Pipeline, ARecordThatTheBrokerRejectsLaterHaltsBeforeItsTransactionAfterAReplay) {
  Rig rig;
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), commit(1), row(2, "big"), commit(2)};
  rig.run();
  rig.sink->failure_to_report =
      Deliveries::Failure{.event = {.transaction = 2, .ordinal = 3},
                          .exact = true,
                          .error = Error{ErrorKind::BadEvent, "rejected", "hint"}};
  rig.run(1);
  EXPECT_EQ(rig.state(), PipelineState::Retrying);
  rig.sink->delivers_at_once = true;
  rig.run_after(10s);
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_EQ(rig.pipeline->status().reason, "event 0/2:3: rejected");
  EXPECT_EQ(testing::events_done(rig.sink->checkpoint->position), 2U);
}

TEST(Pipeline, AnErrorGivesUpWhatIsInFlightAndBeginsAgainFromTheCheckpoint) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1), row(2, "b"), commit(2)};
  rig.source->ready = 2;
  rig.run();
  rig.sink->delivers_at_once = false;
  rig.source->ready = 4;
  rig.run();
  rig.sink->step_error = Error{ErrorKind::Interrupted, "broken", {}};
  rig.run(1);
  EXPECT_EQ(rig.state(), PipelineState::Retrying);
  EXPECT_EQ(rig.source->released, 1);
  rig.sink->delivers_at_once = true;
  rig.sink->offered.clear();
  rig.run_after(10s);
  EXPECT_THAT(rig.offered_ids(), ElementsAre("b"));
  EXPECT_EQ(rig.pipeline->counters().rebuilds, 1U);
  EXPECT_TRUE(rig.pipeline->status().healthy);
}

TEST(Pipeline, TwoRebuildsWithoutProgressAreUnhealthy) {
  Rig rig;
  for (int i = 0; i < 2; ++i) {
    rig.source->next_error = Error{ErrorKind::Unavailable, "away", {}};
    rig.run_after(10s);
  }
  EXPECT_FALSE(rig.pipeline->status().healthy);
}

TEST(Pipeline, StandsByWhileAnotherInstanceOwnsTheSource) {
  Rig rig;
  rig.source->standing = Source::Standing::Standby;
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Standby);
  EXPECT_THAT(rig.sink->calls, IsEmpty());
  rig.source->standing = Source::Standing::Held;
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
}

TEST(Pipeline, AnOrderlyStopFinishesTheTransactionDeliversAndConfirms) {
  Rig rig;
  rig.source->script = {row(1, "a"), row(1, "b"), commit(1), row(2, "c"), commit(2)};
  rig.source->ready = 1;
  rig.run();
  rig.pipeline->stop();
  rig.run();
  EXPECT_FALSE(rig.pipeline->stopped());
  rig.source->ready = SIZE_MAX;
  rig.run();
  EXPECT_TRUE(rig.pipeline->stopped());
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b"));
  EXPECT_EQ(rig.source->confirmed.back(), 3U);
  EXPECT_EQ(rig.sink->supplies.back(), Supply::Closing);
  EXPECT_EQ(testing::events_done(rig.sink->checkpoint->position), 3U);
}

TEST(Pipeline, AStopWhileTheSinkIsFullEndsOnceThereIsRoom) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1), row(2, "b"), commit(2)};
  rig.sink->is_full = true;
  rig.run();
  rig.pipeline->stop();
  rig.run();
  EXPECT_FALSE(rig.pipeline->stopped());
  rig.sink->is_full = false;
  rig.run();
  EXPECT_TRUE(rig.pipeline->stopped());
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
}

TEST(Pipeline, TheLastCheckpointOfAStopTakesTheRoomThatAStepMakes) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1)};
  rig.run();
  rig.sink->is_full = true;
  rig.pipeline->stop();
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Draining);
  rig.sink->has_room_after_step = true;
  rig.run(1);
  EXPECT_TRUE(rig.pipeline->stopped()) << "nothing would wake it again";
}

TEST(Pipeline, WhatASinkGaveUpIsEndedWhileTheSourceIsWaitedFor) {
  Rig rig;
  rig.source->script = {row(1, "a"), commit(1)};
  rig.run();
  rig.sink->step_error = Error{ErrorKind::Interrupted, "broken", ""};
  rig.sink->rests = false;
  rig.source->standing = Source::Standing::Working;
  rig.run();
  const int asked_in_pause = rig.sink->rests_asked;
  EXPECT_GT(asked_in_pause, 0);
  rig.run_after(10s);
  EXPECT_GT(rig.sink->rests_asked, asked_in_pause);
  const Wake wake = rig.pipeline->step({.steady = rig.now, .wall = {}});
  EXPECT_EQ(wake.at(), TimePoint::min()) << "the sink is waited for, too";
}

TEST(Pipeline, StopsFromEveryState) {
  for (const auto standing : {Source::Standing::Working, Source::Standing::Standby}) {
    Rig rig;
    rig.source->standing = standing;
    rig.run();
    rig.pipeline->stop();
    rig.run();
    EXPECT_TRUE(rig.pipeline->stopped());
  }
  Rig halted;
  halted.source->next_error = Error{ErrorKind::Refused, "gap", {}};
  halted.run();
  EXPECT_EQ(halted.state(), PipelineState::Halted);
  halted.pipeline->stop();
  halted.run();
  EXPECT_TRUE(halted.pipeline->stopped());
}

}  // namespace
}  // namespace outrider
