// What the pipeline does with events that the sink cannot take, by policy.
#include "tests/unit/relay/core/pipeline_rig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace outrider {
namespace {

using testing::commit;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::Rig;
using testing::row;
using testing::Scripted;
using namespace std::chrono_literals;

constexpr const char* kTopic = "dead";

Rig rig_with(BadEventPolicy policy) {
  return Rig({.bad_event = policy, .dead_letter_topic = kTopic});
}

Scripted without_key(std::uint64_t transaction, std::string id) {
  return {.transaction = transaction, .id = std::move(id), .key = std::nullopt};
}

Deliveries::Failure rejection(const Rig& rig, std::size_t place) {
  return {.event = {.transaction = rig.source->script[place].transaction, .ordinal = place + 1},
          .exact = true,
          .error = Error{ErrorKind::BadEvent, "rejected", "hint"}};
}

std::vector<std::string> topics_of(const Rig& rig, const std::string& id) {
  std::vector<std::string> topics;
  for (const auto& offered : rig.sink->offered) {
    if (offered.id == id) topics.push_back(offered.topic);
  }
  return topics;
}

std::vector<std::pair<Notice::Severity, std::string>> said_by(const Rig& rig) {
  std::vector<std::pair<Notice::Severity, std::string>> said;
  for (Notice& notice : rig.pipeline->take_notices()) {
    said.emplace_back(notice.severity, std::move(notice.what));
  }
  return said;
}

TEST(SkipPolicy, LeavesOutTheBadEventAndDeliversTheRestOfItsTransaction) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.source->script = {row(1, "a"), without_key(1, "bad"), row(1, "b"),
                        commit(1),   row(2, "c"),           commit(2)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(rig.source->confirmed.back(), 6U);
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
  EXPECT_EQ(rig.pipeline->counters().events_skipped_bad, 1U);
  EXPECT_EQ(rig.pipeline->counters().events_bad, 1U);
  EXPECT_EQ(rig.pipeline->counters().events_received, 4U);
  EXPECT_THAT(said_by(rig), Contains(Pair(Notice::Severity::Error,
                                          "skipped bad event 0/1:2 (id \"bad\", xid 701): column "
                                          "\"aggregateid\" of \"public\".\"outbox\" is NULL")));
}

TEST(SkipPolicy, ATransactionOfBadEventsAloneIsConfirmed) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.source->script = {without_key(1, "bad"), commit(1)};
  rig.run();
  rig.run_after(11s);
  EXPECT_EQ(rig.source->confirmed.back(), 2U);
}

TEST(SkipPolicy, WhatTheSinkRefusesIsLeftOutToo) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.sink->reject = [](const std::string& id) -> std::optional<Error> {
    if (id != "large") return std::nullopt;
    return Error{ErrorKind::BadEvent, "too large", ""};
  };
  rig.source->script = {row(1, "large"), commit(1), row(2, "a"), commit(2)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
  EXPECT_EQ(rig.source->confirmed.back(), 4U);
}

TEST(SkipPolicy, WhatTheBrokerRejectsLaterIsLeftOutAfterTheReplay) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), row(1, "cursed"), row(1, "b"), commit(1)};
  rig.run();
  rig.sink->failure_to_report = rejection(rig, 1);
  rig.run();
  rig.sink->offered.clear();
  rig.sink->delivers_at_once = true;
  rig.run_after(1min);
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b"));
  EXPECT_EQ(rig.source->confirmed.back(), 4U);
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
}

TEST(SkipPolicy, TwoRejectedEventsOfOneTransactionAreBothRemembered) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "one"), row(1, "two"), row(1, "a"), commit(1)};
  rig.run();
  for (const std::size_t place : {0, 1}) {
    rig.sink->failure_to_report = rejection(rig, place);
    rig.run();
    rig.run_after(1min);
  }
  rig.sink->offered.clear();
  rig.sink->delivers_at_once = true;
  rig.run();
  EXPECT_EQ(rig.source->confirmed.back(), 4U);
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
  EXPECT_EQ(rig.pipeline->counters().rebuilds, 2U);
}

TEST(SkipPolicy, ATableThatMissesAColumnHaltsAllTheSame) {
  Rig rig = rig_with(BadEventPolicy::Skip);
  rig.source->lose_column("payload");
  rig.source->script = {row(1, "a"), commit(1)};
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
}

EventId event(std::uint64_t transaction, std::uint64_t ordinal) {
  return {.transaction = transaction, .ordinal = ordinal};
}

TEST(SkippedEvent, IsLeftOutUnderThePolicyHaltAndTheRestOfItsTransactionArrives) {
  Rig rig({.skipped_events = {event(1, 2)}});
  rig.source->script = {row(1, "a"), without_key(1, "bad"), row(1, "b"),
                        commit(1),   row(2, "c"),           commit(2)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(rig.source->confirmed.back(), 6U);
  EXPECT_EQ(rig.state(), PipelineState::Streaming);
  EXPECT_EQ(rig.pipeline->counters().events_skipped_bad, 1U);
}

TEST(SkippedEvent, DoesNotExcuseAnotherOneOfItsTransactionWhichHaltsBeforeAllOfIt) {
  Rig rig({.skipped_events = {event(2, 3)}});
  rig.source->script = {row(1, "a"),           commit(1), without_key(2, "bad"), row(2, "b"),
                        without_key(2, "too"), commit(2)};
  rig.run();
  rig.run_after(1min);
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_EQ(rig.source->confirmed.back(), 2U);
  EXPECT_THAT(rig.pipeline->status().reason, HasSubstr("event 0/2:5"));
}

TEST(SkippedEvent, ThatIsNotBadIsDelivered) {
  Rig rig({.skipped_events = {event(1, 1)}});
  rig.source->script = {row(1, "a"), commit(1)};
  rig.run();
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a"));
  EXPECT_EQ(rig.pipeline->counters().events_skipped_bad, 0U);
}

TEST(SkippedEvent, MayBeOneThatTheBrokerRejectedLater) {
  Rig rig({.skipped_events = {event(1, 2)}});
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "a"), row(1, "cursed"), row(1, "b"), commit(1)};
  rig.run();
  rig.sink->failure_to_report = rejection(rig, 1);
  rig.run();
  rig.sink->offered.clear();
  rig.sink->delivers_at_once = true;
  rig.run_after(1min);
  EXPECT_THAT(rig.offered_ids(), ElementsAre("a", "b"));
  EXPECT_EQ(rig.source->confirmed.back(), 4U);
}

TEST(DeadLetterPolicy, SendsTheBadEventWithItsReasonUnderTheTicketOfItsTransaction) {
  Rig rig = rig_with(BadEventPolicy::DeadLetter);
  rig.source->script = {row(1, "a"), without_key(1, "bad"), row(1, "b"), commit(1)};
  rig.run();
  ASSERT_THAT(rig.offered_ids(), ElementsAre("a", "bad", "b"));
  const auto& bad = rig.sink->offered[1];
  EXPECT_EQ(bad.topic, kTopic);
  EXPECT_EQ(bad.ticket, rig.sink->offered[0].ticket);
  EXPECT_THAT(
      bad.headers,
      Contains(Pair("outrider.reason", "column \"aggregateid\" of \"public\".\"outbox\" is NULL")));
  EXPECT_THAT(bad.headers, Contains(Pair("outrider.event", "0/1:2")));
  EXPECT_THAT(bad.headers, Contains(Pair("outrider.xid", "701")));
  EXPECT_THAT(said_by(rig), Contains(Pair(Notice::Severity::Warning,
                                          "sent bad event 0/1:2 (id \"bad\", xid 701) to \"" +
                                              std::string(kTopic) +
                                              "\": column \"aggregateid\" of "
                                              "\"public\".\"outbox\" is NULL")));
  EXPECT_EQ(rig.source->confirmed.back(), 4U);
  EXPECT_EQ(rig.pipeline->counters().events_dead_lettered, 1U);
}

TEST(DeadLetterPolicy, WhatIsTooLargeGoesThereWithoutItsPayload) {
  Rig rig = rig_with(BadEventPolicy::DeadLetter);
  rig.sink->refuses = [](const Record& record) {
    return record.headers[0].value == "large" && record.value.has_value();
  };
  rig.source->script = {row(1, "large"), commit(1)};
  rig.run();
  ASSERT_THAT(topics_of(rig, "large"), ElementsAre(kTopic));
  EXPECT_FALSE(rig.sink->offered[0].has_value);
  EXPECT_THAT(rig.sink->offered[0].headers,
              Contains(Pair("outrider.omitted", "payload of 16 bytes; the row has it")));
}

TEST(DeadLetterPolicy, WaitsForRoomWithoutSendingTwice) {
  Rig rig = rig_with(BadEventPolicy::DeadLetter);
  rig.sink->is_full = true;
  rig.source->script = {without_key(1, "bad"), commit(1)};
  rig.run();
  EXPECT_THAT(topics_of(rig, "bad"), ElementsAre());
  rig.sink->is_full = false;
  rig.run();
  EXPECT_THAT(topics_of(rig, "bad"), ElementsAre(kTopic));
  EXPECT_EQ(rig.pipeline->counters().events_dead_lettered, 1U);
}

TEST(DeadLetterPolicy, HaltsWhenTheTopicTakesNotEvenABriefOne) {
  Rig rig = rig_with(BadEventPolicy::DeadLetter);
  rig.sink->refuses = [](const Record& record) { return record.topic == kTopic; };
  rig.source->script = {row(1, "a"), commit(1), without_key(2, "bad"), commit(2)};
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_EQ(rig.source->confirmed.back(), 2U);
  EXPECT_THAT(rig.pipeline->status().reason,
              HasSubstr("is NULL; nor does it fit the dead-letter topic: refused"));
  EXPECT_EQ(rig.pipeline->status().hint,
            "mend it; `outrider skip --event 0/2:3` goes on without it");
}

TEST(DeadLetterPolicy, WhatTheBrokerRejectsGoesThereWholeThenBriefThenHalts) {
  Rig rig = rig_with(BadEventPolicy::DeadLetter);
  rig.sink->delivers_at_once = false;
  rig.source->script = {row(1, "cursed"), commit(1)};
  rig.run();
  for (int times = 0; times < 3; ++times) {
    rig.sink->failure_to_report = rejection(rig, 0);
    rig.run();
    rig.run_after(1min);
  }
  ASSERT_THAT(topics_of(rig, "cursed"), ElementsAre("outbox.event.order", kTopic, kTopic));
  EXPECT_TRUE(rig.sink->offered[1].has_value);
  EXPECT_FALSE(rig.sink->offered[2].has_value);
  rig.sink->delivers_at_once = true;
  rig.run();
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_THAT(rig.pipeline->status().reason, HasSubstr("event 0/1:1: rejected"));
}

TEST(HaltPolicy, NamesTheEventThatIsBad) {
  Rig rig = rig_with(BadEventPolicy::Halt);
  rig.source->script = {row(1, "a"), without_key(1, "bad"), commit(1)};
  rig.run();
  rig.run_after(1min);
  EXPECT_EQ(rig.state(), PipelineState::Halted);
  EXPECT_THAT(rig.pipeline->status().reason, HasSubstr("event 0/1:2: column \"aggregateid\""));
}

}  // namespace
}  // namespace outrider
