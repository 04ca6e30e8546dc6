// The Kafka sink's start, its topics, and how it lets go.
#include "tests/unit/connectors/kafka/sink_driver.h"

#include <gtest/gtest.h>

namespace outrider::kafka::testing {
namespace {

using Offer = Sink::Offer;

Result<std::optional<Found>> look(SinkDriver& driver, JobResult result) {
  static_cast<void>(driver.sink->look(driver.now));
  driver.client->finish(std::move(result));
  return driver.sink->look(driver.now);
}

Result<std::optional<Found>> open(SinkDriver& driver, JobResult result) {
  static_cast<void>(look(driver, SinkDriver::facts()));
  static_cast<void>(driver.open());
  driver.client->finish(std::move(result));
  return driver.open();
}

TEST(SinkStart, LooksWithoutFencingAndFencesOnlyWhenOpened) {
  SinkDriver driver;
  ASSERT_TRUE(look(driver, SinkDriver::facts()));
  EXPECT_EQ(driver.client->history(), std::vector<std::string>{"look"});
  static_cast<void>(driver.open());
  EXPECT_EQ(driver.client->history(), (std::vector<std::string>{"look", "open"}));
}

TEST(SinkStart, TheCheckpointReadAfterFencingCounts) {
  SinkDriver driver;
  const auto found = look(driver, SinkDriver::facts(driver.stored(1, Delivery::ExactlyOnce, true)));
  ASSERT_TRUE(found && *found && (*found)->checkpoint);
  EXPECT_EQ((*found)->checkpoint->position, position_at(1));
  static_cast<void>(driver.open());
  driver.client->finish(SinkDriver::facts(driver.stored(2, Delivery::AtLeastOnce, false)));
  const auto opened = driver.open();
  ASSERT_TRUE(opened && *opened && (*opened)->checkpoint);
  EXPECT_EQ((*opened)->checkpoint->position, position_at(2));
  EXPECT_EQ((*opened)->checkpoint->written_by, Delivery::AtLeastOnce);
  EXPECT_FALSE((*opened)->checkpoint->clean);
}

/// A checkpoint topic at whose end a record of this place, by the second producer, is hidden.
CheckpointFacts hiding(const SinkDriver& driver, std::uint64_t place) {
  CheckpointFacts facts = SinkDriver::facts(driver.stored(1, Delivery::ExactlyOnce, false));
  facts.is_complete = false;
  facts.hidden = {.record = driver.stored(place, Delivery::ExactlyOnce, false), .producer = 1};
  return facts;
}

TEST(SinkStart, ACommitThatTheSourceWasToldOfIsFinishedWhereTheBrokersForgotTo) {
  SinkDriver driver;
  static_cast<void>(look(driver, SinkDriver::facts()));
  static_cast<void>(driver.open(7));
  driver.client->finish(hiding(driver, 7));
  const auto waiting = driver.open(7);
  ASSERT_TRUE(waiting && !*waiting);
  ASSERT_NE(driver.client->job<RecommitJob>(), nullptr);
  EXPECT_EQ(driver.client->job<RecommitJob>()->producer, 1U);
  driver.client->finish(SinkDriver::facts(driver.stored(7, Delivery::ExactlyOnce, false)));
  const auto found = driver.open(7);
  ASSERT_TRUE(found && *found && (*found)->checkpoint);
  EXPECT_EQ((*found)->checkpoint->position, position_at(7));
  EXPECT_EQ(driver.sink->take_notices().size(), 1U);
}

TEST(SinkStart, ACommitThatTheCoordinatorDecidedOnIsFinishedWhateverTheSourceRemembers) {
  for (const std::optional<std::uint64_t> confirmed : {std::optional<std::uint64_t>(6), {}}) {
    SinkDriver driver;
    static_cast<void>(look(driver, SinkDriver::facts()));
    static_cast<void>(driver.open(confirmed));
    CheckpointFacts facts = hiding(driver, 7);
    facts.hidden->is_committed = true;
    driver.client->finish(facts);
    const auto waiting = driver.open(confirmed);
    ASSERT_TRUE(waiting && !*waiting);
    ASSERT_NE(driver.client->job<RecommitJob>(), nullptr);
    EXPECT_EQ(driver.client->job<RecommitJob>()->producer, 1U);
  }
}

TEST(SinkStart, ACommitThatMayHaveBeenAnAbortIsNotFinished) {
  for (const std::optional<std::uint64_t> confirmed : {std::optional<std::uint64_t>(6), {}}) {
    SinkDriver driver;
    static_cast<void>(look(driver, SinkDriver::facts()));
    static_cast<void>(driver.open(confirmed));
    driver.client->finish(hiding(driver, 7));
    const auto found = driver.open(confirmed);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::Unavailable);
    EXPECT_EQ(driver.client->job<RecommitJob>(), nullptr);
  }
}

TEST(SinkStart, WhatStaysHiddenIsFinishedOncePerProducerAndThenWaitedFor) {
  SinkDriver driver;
  static_cast<void>(look(driver, SinkDriver::facts()));
  static_cast<void>(driver.open(7));
  for (int producer = 0; producer < 2; ++producer) {
    driver.client->finish(hiding(driver, 7));
    ASSERT_TRUE(driver.open(7));
  }
  driver.client->finish(hiding(driver, 7));
  const auto found = driver.open(7);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Unavailable);
}

TEST(SinkStart, WhatAnOlderRunWroteBehindALaterOneDoesNotCount) {
  SinkDriver driver(Delivery::AtLeastOnce);
  CheckpointFacts facts = SinkDriver::facts();
  facts.records = {driver.stored(7, Delivery::AtLeastOnce, false, 1),
                   driver.stored(9, Delivery::AtLeastOnce, false, 2),
                   driver.stored(11, Delivery::AtLeastOnce, false, 2),
                   driver.stored(8, Delivery::AtLeastOnce, false, 1)};
  static_cast<void>(driver.sink->look(driver.now));
  driver.client->finish(facts);
  static_cast<void>(driver.sink->look(driver.now));
  static_cast<void>(driver.open());
  driver.client->finish(facts);
  const auto found = driver.open();
  ASSERT_TRUE(found && *found && (*found)->checkpoint);
  EXPECT_EQ((*found)->checkpoint->position, position_at(11));
  EXPECT_EQ(driver.client->checkpoints().back(), driver.stored(11, Delivery::AtLeastOnce, false, 3))
      << "this run is the third one";
}

TEST(SinkStart, OfTwoRunsWithOneNumberTheFurtherCheckpointCounts) {
  SinkDriver driver(Delivery::AtLeastOnce);
  CheckpointFacts facts = SinkDriver::facts();
  facts.records = {driver.stored(9, Delivery::AtLeastOnce, false, 2),
                   driver.stored(11, Delivery::AtLeastOnce, false, 2),
                   driver.stored(10, Delivery::AtLeastOnce, false, 2)};
  static_cast<void>(driver.sink->look(driver.now));
  driver.client->finish(facts);
  const auto found = driver.sink->look(driver.now);
  ASSERT_TRUE(found && *found && (*found)->checkpoint);
  EXPECT_EQ((*found)->checkpoint->position, position_at(11));
}

TEST(SinkStart, RefusesACheckpointTopicThatForgets) {
  for (const char* policy : {"delete", "compact,delete"}) {
    SinkDriver driver;
    CheckpointFacts facts = SinkDriver::facts();
    facts.cleanup_policy = policy;
    const auto found = look(driver, facts);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::Refused);
    EXPECT_FALSE(found.error().hint.empty());
  }
}

TEST(SinkStart, RefusesACheckpointTopicOfSeveralPartitions) {
  SinkDriver driver;
  CheckpointFacts facts = SinkDriver::facts();
  facts.partitions = 3;
  const auto found = look(driver, facts);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Refused);
}

TEST(SinkStart, NeverTakesAnOlderCheckpointWhileANewerMayBeHidden) {
  SinkDriver driver;
  CheckpointFacts facts = SinkDriver::facts(driver.stored(1, Delivery::ExactlyOnce, true));
  facts.is_complete = false;
  const auto opened = open(driver, facts);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Unavailable);
}

TEST(SinkStart, RefusesACheckpointOfAnUnknownFormat) {
  SinkDriver driver;
  const auto found = look(driver, SinkDriver::facts("{\"format\":2}"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Refused);
}

TEST(SinkStart, AClusterThatDoesNotAnswerIsUnavailable) {
  SinkDriver driver;
  const auto found =
      look(driver, JobFailure{.error = {.code = -195, .text = "down"}, .act = "read"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Unavailable);
}

TEST(SinkStart, WaitsForAnAbandonedRunBeforeItLooksAgain) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  driver.sink->abandon();
  EXPECT_FALSE(driver.sink->at_rest());
  static_cast<void>(driver.sink->look(driver.now));
  EXPECT_NE(driver.client->job<CloseJob>(), nullptr);
  driver.client->finish(Done{});
  EXPECT_TRUE(driver.sink->at_rest());
  static_cast<void>(driver.sink->look(driver.now));
  EXPECT_NE(driver.client->job<LookJob>(), nullptr);
}

TEST(SinkStart, AJobUnderWayIsClosedAfterItsEndWhenAbandoned) {
  SinkDriver driver;
  static_cast<void>(look(driver, SinkDriver::facts()));
  static_cast<void>(driver.open());
  driver.sink->abandon();
  EXPECT_EQ(driver.client->history().back(), "hurry");
  EXPECT_FALSE(driver.sink->at_rest());
  EXPECT_EQ(driver.client->job<CloseJob>(), nullptr);
  driver.client->finish(SinkDriver::facts());
  EXPECT_FALSE(driver.sink->at_rest());
  ASSERT_NE(driver.client->job<CloseJob>(), nullptr);
  driver.client->finish(Done{});
  EXPECT_TRUE(driver.sink->at_rest());
}

TEST(SinkStart, AnUnusedSinkIsAtRest) {
  SinkDriver driver;
  EXPECT_TRUE(driver.sink->at_rest());
  driver.sink->abandon();
  EXPECT_TRUE(driver.sink->at_rest());
  EXPECT_TRUE(driver.client->history().empty());
}

TEST(SinkTopics, ATopicIsLookedUpOnce) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1, 0), Offer::Taken);
  ASSERT_EQ(driver.offer(1, 1), Offer::Taken);
  ASSERT_EQ(driver.offer(1, 2, "users"), Offer::Taken);
  EXPECT_EQ(driver.client->history(), (std::vector<std::string>{"look", "open", "topic", "topic"}));
}

TEST(SinkTopics, AMissingTopicMakesItsEventBadAndNothingOfItIsTaken) {
  SinkDriver driver;
  driver.start();
  driver.client->set_topic("missing", {});
  const Result<Offer> offered = driver.offer(1, 0, "missing");
  ASSERT_FALSE(offered);
  EXPECT_EQ(offered.error().kind, ErrorKind::BadEvent);
  EXPECT_TRUE(driver.client->records().empty());
  // The transaction is whole: what was sealed before can still be committed.
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Closing));
  EXPECT_EQ(driver.client->commits(), 1U);
}

TEST(SinkTopics, ANameThatNoTopicCanHaveMakesItsEventBad) {
  SinkDriver driver;
  driver.start();
  for (const std::string& name :
       {std::string("outbox.event.a b"), std::string("outbox.event.\xC3\xA9"), std::string("."),
        std::string(".."), std::string(), std::string(250, 'a')}) {
    const Result<Offer> offered = driver.offer(1, 0, name);
    ASSERT_FALSE(offered) << name;
    EXPECT_EQ(offered.error().kind, ErrorKind::BadEvent) << name;
  }
  EXPECT_TRUE(driver.client->records().empty());
}

TEST(SinkTopics, NoEventMayGoToTheCheckpointTopic) {
  SinkDriver driver;
  driver.start();
  const Result<Offer> offered = driver.offer(1, 0, "outrider.shop.orders");
  ASSERT_FALSE(offered);
  EXPECT_EQ(offered.error().kind, ErrorKind::BadEvent);
  EXPECT_TRUE(driver.client->records().empty());
}

TEST(SinkTopics, ARecordTooLargeForItsTopicIsBadBeforeAnythingIsTaken) {
  SinkDriver driver;
  driver.start();
  TopicFacts facts = ScriptedClient::default_topic();
  facts.record_bytes_max = 1000;
  driver.client->set_topic("small", facts);
  const Result<Offer> offered = driver.offer(1, 0, "small", std::string(1001, 'x'));
  ASSERT_FALSE(offered);
  EXPECT_EQ(offered.error().kind, ErrorKind::BadEvent);
  EXPECT_TRUE(driver.client->records().empty());
  EXPECT_EQ(driver.sink->counters().errors_record, 1U);
}

// A batch above the topic's limit is rejected as a whole, again and again.
TEST(SinkTopics, BatchesAreMadeSmallerForATopicThatTakesLess) {
  SinkDriver driver;
  driver.start();
  TopicFacts facts = ScriptedClient::default_topic();
  facts.topic_bytes_max = 100'000;
  driver.client->set_topic("small", facts);
  const Result<Offer> offered = driver.offer(1, 0, "small");
  ASSERT_FALSE(offered);
  EXPECT_EQ(offered.error().kind, ErrorKind::Interrupted);
  driver.sink->abandon();
  driver.client->finish(Done{});
  static_cast<void>(open(driver, SinkDriver::facts()));
  // open() above ended the job; the batch limit is checked with a new one.
  driver.sink->abandon();
  driver.client->finish(Done{});
  static_cast<void>(look(driver, SinkDriver::facts()));
  static_cast<void>(driver.open());
  ASSERT_NE(driver.client->job<OpenJob>(), nullptr);
  EXPECT_EQ(driver.client->job<OpenJob>()->batch_bytes_max, 100'000U);
}

}  // namespace
}  // namespace outrider::kafka::testing
