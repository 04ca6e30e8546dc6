// What the pipeline does with messages that were written without a table.
#include "tests/unit/relay/core/pipeline_rig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace outrider {
namespace {

using testing::commit;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Rig;
using testing::row;
using testing::Scripted;

constexpr const char* kGood =
    R"({"id": "m", "aggregatetype": "order", "aggregateid": "k", "type": "t", "payload": 1})";

Scripted message(std::uint64_t transaction, LogicalMessage message) {
  return {.transaction = transaction, .id = {}, .special = message};
}
LogicalMessage event(const char* content) {
  return {.is_transactional = true, .prefix = "outbox", .content = content};
}

Rig rig_with(BadEventPolicy policy) {
  OutboxOptions outbox;
  outbox.message_prefix = "outbox";
  return Rig({.bad_event = policy, .dead_letter_topic = "dead"}, std::move(outbox));
}

TEST(Messages, AreDeliveredInTheirPlaceAmongTheRowsOfTheTransaction) {
  Rig rig = rig_with(BadEventPolicy::Halt);
  rig.source->script = {row(1, "a"), message(1, event(kGood)), row(1, "b"), commit(1)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "m", "b"));
  EXPECT_EQ(rig.source->confirmed.back(), 4U);
  EXPECT_EQ(rig.pipeline->counters().events_skipped_message, 0U);
}

TEST(Messages, OutsideOfTransactionsAndWithAnotherPrefixAreCountedAlone) {
  Rig rig = rig_with(BadEventPolicy::Halt);
  LogicalMessage loose = event(kGood);
  loose.is_transactional = false;
  LogicalMessage foreign = event("no JSON");
  foreign.prefix = "outbox ";
  rig.source->script = {message(1, loose), message(1, foreign), row(1, "a"), commit(1)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
  EXPECT_EQ(rig.pipeline->counters().events_skipped_message, 2U);
}

TEST(Messages, WithoutAConfiguredPrefixAreNoEvents) {
  Rig rig;
  rig.source->script = {message(1, event(kGood)), commit(1)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), IsEmpty());
  EXPECT_EQ(rig.pipeline->counters().events_skipped_message, 1U);
}

TEST(Messages, ThatAreNoJsonHaltBeforeTheirTransaction) {
  Rig rig = rig_with(BadEventPolicy::Halt);
  rig.source->script = {row(1, "a"), commit(1), message(2, event("{")), commit(2)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
  EXPECT_EQ(rig.state(), PipelineState::Halted);
}

TEST(Messages, ThatAreNoJsonAreSkippedIfConfigured) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.source->script = {message(1, event("{")), message(1, event(kGood)), commit(1)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("m"));
  EXPECT_EQ(rig.pipeline->counters().events_skipped_bad, 1U);
}

TEST(Messages, ThatAreNoJsonBecomeDeadLettersWithTheirContent) {
  Rig rig = rig_with(BadEventPolicy::DeadLetter);
  rig.source->script = {message(1, event("{")), message(1, event(kGood)), commit(1)};
  rig.run();
  ASSERT_EQ(rig.sink->offered.size(), 2U);
  EXPECT_EQ(rig.sink->offered[0].topic, "dead");
  EXPECT_EQ(rig.pipeline->counters().events_dead_lettered, 1U);
}

}  // namespace
}  // namespace outrider
