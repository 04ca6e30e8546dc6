// exactly_once: when a transaction is committed, and when it must never be.
#include "tests/unit/connectors/kafka/sink_driver.h"

#include <gtest/gtest.h>

namespace outrider::kafka::testing {
namespace {

using Offer = Sink::Offer;
using Tickets = std::vector<std::uint64_t>;

TEST(ExactlyOnce, CommitsAtOnceWhenCaughtUp) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_NE(driver.client->job<CommitJob>(), nullptr);
  EXPECT_EQ(driver.client->job<CommitJob>()->checkpoint,
            driver.stored(1, Delivery::ExactlyOnce, true));
  EXPECT_EQ(driver.delivered(), Tickets{});
  driver.client->finish(Done{});
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.delivered(), Tickets{1});
  EXPECT_EQ(driver.sink->counters().transactions_committed, 1U);
  EXPECT_EQ(driver.sink->counters().records_delivered, 1U);
  EXPECT_EQ(driver.sink->counters().records_in_flight, 0U);
}

TEST(ExactlyOnce, NeverCommitsWhileATicketWithRecordsIsUnsealed) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_EQ(driver.offer(2), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_TRUE(driver.step_after(std::chrono::seconds(1), Supply::Closing));
  EXPECT_EQ(driver.client->commits(), 0U);
  ASSERT_EQ(driver.seal(2), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.client->commits(), 1U);
}

TEST(ExactlyOnce, TheLastPositionOfSeveralTicketsWins) {
  SinkDriver driver;
  driver.start();
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    ASSERT_EQ(driver.offer(ticket), Offer::Taken);
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
  }
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_NE(driver.client->job<CommitJob>(), nullptr);
  EXPECT_EQ(driver.client->job<CommitJob>()->checkpoint,
            driver.stored(3, Delivery::ExactlyOnce, true));
  driver.client->finish(Done{});
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.delivered(), (Tickets{1, 2, 3}));
}

TEST(ExactlyOnce, WhileBehindTheTransactionGrowsToItsLimit) {
  SinkDriver driver;
  driver.start();
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    ASSERT_EQ(driver.offer(ticket), Offer::Taken);
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
    ASSERT_TRUE(driver.step(Supply::More));
  }
  EXPECT_EQ(driver.client->commits(), 0U);
  ASSERT_EQ(driver.offer(4), Offer::Taken);
  ASSERT_EQ(driver.seal(4), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_EQ(driver.client->commits(), 1U);
}

// Steps may always fall inside a ticket: without this the transaction would grow for ever.
TEST(ExactlyOnce, BeyondTheLimitNoNewTicketBeginsBeforeTheCommit) {
  SinkDriver driver;
  driver.start();
  for (std::uint64_t ordinal = 0; ordinal < 4; ++ordinal) {
    ASSERT_EQ(driver.offer(1, ordinal), Offer::Taken);
  }
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  EXPECT_EQ(driver.offer(2), Offer::Full);
  ASSERT_TRUE(driver.step(Supply::More));
  ASSERT_EQ(driver.client->commits(), 1U);
  driver.client->finish(Done{});
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_EQ(driver.offer(2), Offer::Taken);
}

TEST(ExactlyOnce, ATicketThatCrossesTheLimitIsTakenWhole) {
  SinkDriver driver;
  driver.start();
  for (std::uint64_t ordinal = 0; ordinal < 3; ++ordinal) {
    ASSERT_EQ(driver.offer(1, ordinal), Offer::Taken);
  }
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  for (std::uint64_t ordinal = 0; ordinal < 4; ++ordinal) {
    ASSERT_EQ(driver.offer(2, ordinal), Offer::Taken);
    ASSERT_TRUE(driver.step(Supply::More));
  }
  EXPECT_EQ(driver.client->commits(), 0U);
  ASSERT_EQ(driver.seal(2), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_EQ(driver.client->commits(), 1U);
}

TEST(ExactlyOnce, WhileBehindASealedTicketWaitsForATenthOfASecondAtMost) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_EQ(driver.client->commits(), 0U);
  ASSERT_TRUE(driver.step_after(std::chrono::milliseconds(100), Supply::More));
  EXPECT_EQ(driver.client->commits(), 1U);
}

// As above, when every step falls inside a ticket.
TEST(ExactlyOnce, AfterATenthOfASecondNoNewTicketBeginsBeforeTheCommit) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_EQ(driver.offer(2), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::More));
  ASSERT_TRUE(driver.step_after(std::chrono::milliseconds(100), Supply::More));
  ASSERT_EQ(driver.seal(2), Offer::Taken);
  EXPECT_EQ(driver.offer(3), Offer::Full);
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_EQ(driver.client->commits(), 1U);
}

TEST(ExactlyOnce, TakesNothingDuringACommit) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.offer(2), Offer::Full);
  EXPECT_EQ(driver.seal(2), Offer::Full);
  driver.client->finish(Done{});
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.offer(2), Offer::Taken);
}

TEST(ExactlyOnce, AnEmptyTicketIsACheckpointAlone) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_NE(driver.client->job<CommitJob>(), nullptr);
  driver.client->finish(Done{});
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.delivered(), Tickets{1});
}

TEST(ExactlyOnce, AfterARecordThatTheClientDidNotTakeTheTransactionIsNeverCommitted) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  driver.client->refuse_produce(Client::Produced::Failed, {.code = -190, .text = "partition"});
  const Result<Offer> offered = driver.offer(2);
  const Result<void> stepped = driver.step(Supply::Dry);
  EXPECT_EQ(driver.client->commits(), 0U);
  driver.delivered();
  EXPECT_TRUE(!offered || !stepped || driver.failed);
  static_cast<void>(driver.step(Supply::Closing));
  EXPECT_EQ(driver.client->commits(), 0U);
}

// Otherwise the rebuild would offer it again and again.
TEST(ExactlyOnce, ARecordThatTheClientCallsTooLargeIsReportedByItsName) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  driver.client->refuse_produce(Client::Produced::Failed, {.code = 10, .text = "too large"});
  static_cast<void>(driver.offer(2, 7));
  static_cast<void>(driver.step(Supply::Dry));
  EXPECT_EQ(driver.client->commits(), 0U);
  driver.delivered();
  ASSERT_TRUE(driver.failed);
  EXPECT_EQ(driver.failed->event, (EventId{.transaction = 200, .ordinal = 7}));
  EXPECT_TRUE(driver.failed->exact);
  EXPECT_EQ(driver.failed->error.kind, ErrorKind::BadEvent);
}

// librdkafka takes no more records once one has failed; which one, only its report says.
TEST(ExactlyOnce, ARecordRefusedBecauseAnotherFailedWaitsForTheReportOfThatOne) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1, 6), Offer::Taken);
  driver.client->refuse_produce(Client::Produced::Failed, {.code = -172, .text = "state"});
  EXPECT_EQ(driver.offer(1, 7), Offer::Full);
  ASSERT_TRUE(driver.step(Supply::More));
  const ScriptedClient::ProducedRecord rejected = driver.client->records().back();
  driver.client->fail_record(rejected.tag, rejected.offset, {.code = 10, .text = "too large"});
  static_cast<void>(driver.step(Supply::More));
  driver.delivered();
  ASSERT_TRUE(driver.failed);
  EXPECT_EQ(driver.failed->event, (EventId{.transaction = 100, .ordinal = 6}));
  EXPECT_EQ(driver.failed->error.kind, ErrorKind::BadEvent);
}

TEST(ExactlyOnce, ARefusedRecordWithoutAReportEndsTheRunAfterASecond) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  driver.client->refuse_produce(Client::Produced::Failed, {.code = -172, .text = "state"});
  EXPECT_EQ(driver.offer(2), Offer::Full);
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.sink->wake().at(), driver.now + std::chrono::seconds(1));
  const Result<void> stepped = driver.step_after(std::chrono::seconds(1), Supply::Dry);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().kind, ErrorKind::Interrupted);
  EXPECT_EQ(driver.client->commits(), 0U);
}

TEST(ExactlyOnce, AFullQueueIsNoError) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  driver.client->refuse_produce(Client::Produced::QueueFull);
  EXPECT_EQ(driver.offer(1, 1), Offer::Full);
  EXPECT_EQ(driver.offer(1, 1), Offer::Taken);
}

TEST(ExactlyOnce, ARejectedRecordIsNamedAndItsTransactionNeverCommitted) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_EQ(driver.offer(2, 5), Offer::Taken);
  ASSERT_EQ(driver.offer(2, 8), Offer::Taken);
  ASSERT_EQ(driver.seal(2), Offer::Taken);
  const ScriptedClient::ProducedRecord rejected = driver.client->records().back();
  driver.client->fail_record(rejected.tag, rejected.offset, {.code = 10, .text = "too large"});
  static_cast<void>(driver.step(Supply::Dry));
  EXPECT_EQ(driver.client->commits(), 0U);
  EXPECT_EQ(driver.delivered(), Tickets{});
  ASSERT_TRUE(driver.failed);
  EXPECT_EQ(driver.failed->event, (EventId{.transaction = 200, .ordinal = 8}));
  EXPECT_EQ(driver.failed->error.kind, ErrorKind::BadEvent);
}

// A broker rejects a batch as a whole, and most of its records are innocent.
TEST(ExactlyOnce, AfterARejectedBatchRecordsAreSentOneByOneUntilTheCulpritIsKnown) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1, 0), Offer::Taken);
  ASSERT_EQ(driver.offer(1, 1), Offer::Taken);
  for (const ScriptedClient::ProducedRecord& record : driver.client->records()) {
    driver.client->fail_record(record.tag, record.offset, {.code = 87, .text = "invalid"});
  }
  static_cast<void>(driver.step(Supply::More));
  driver.delivered();
  ASSERT_TRUE(driver.failed);
  EXPECT_FALSE(driver.failed->exact);
  EXPECT_EQ(driver.failed->error.kind, ErrorKind::Interrupted);

  driver.sink->abandon();
  driver.client->finish(Done{});
  static_cast<void>(driver.sink->look(driver.now));
  driver.start();
  EXPECT_EQ(driver.client->batch_bytes_max(), 1U);
  ASSERT_EQ(driver.offer(2, 0), Offer::Taken);
  ASSERT_EQ(driver.offer(2, 1), Offer::Taken);
  const ScriptedClient::ProducedRecord culprit = driver.client->records().back();
  driver.client->fail_record(culprit.tag, culprit.offset, {.code = 87, .text = "invalid"});
  static_cast<void>(driver.step(Supply::More));
  driver.delivered();
  ASSERT_TRUE(driver.failed);
  EXPECT_TRUE(driver.failed->exact);
  EXPECT_EQ(driver.failed->event, (EventId{.transaction = 200, .ordinal = 1}));
  EXPECT_EQ(driver.failed->error.kind, ErrorKind::BadEvent);
}

TEST(ExactlyOnce, WhenNoRecordIsRejectedAloneItGoesBackToFullBatches) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1, 0), Offer::Taken);
  ASSERT_EQ(driver.offer(1, 1), Offer::Taken);
  for (const ScriptedClient::ProducedRecord& record : driver.client->records()) {
    driver.client->fail_record(record.tag, record.offset, {.code = 10, .text = "too large"});
  }
  static_cast<void>(driver.step(Supply::More));
  driver.sink->abandon();
  driver.client->finish(Done{});
  static_cast<void>(driver.sink->look(driver.now));
  driver.start();
  Result<void> stepped;
  for (std::uint64_t ticket = 2; ticket <= 3; ++ticket) {
    for (std::uint64_t ordinal = 0; ordinal < 4; ++ordinal) {
      ASSERT_EQ(driver.offer(ticket, ordinal), Offer::Taken);
    }
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
    ASSERT_TRUE(driver.step(Supply::Dry));
    driver.client->finish(Done{});
    stepped = driver.step(Supply::Dry);
  }
  EXPECT_EQ(driver.delivered(), (Tickets{2, 3}));
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().kind, ErrorKind::Interrupted);
  driver.sink->abandon();
  driver.client->finish(Done{});
  static_cast<void>(driver.sink->look(driver.now));
  driver.start();
  EXPECT_EQ(driver.client->batch_bytes_max(), kBatchBytesMax);
}

TEST(ExactlyOnce, ARejectionDuringTheCommitIsToldBeforeTheCommitsOwnError) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1, 3), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  const ScriptedClient::ProducedRecord rejected = driver.client->records().back();
  driver.client->fail_record(rejected.tag, rejected.offset, {.code = 87, .text = "invalid"});
  driver.client->finish(JobFailure{.error = {.code = 87, .text = "invalid", .requires_abort = true},
                                   .act = "commit"});
  static_cast<void>(driver.step(Supply::Dry));
  EXPECT_EQ(driver.delivered(), Tickets{});
  ASSERT_TRUE(driver.failed);
  EXPECT_EQ(driver.failed->event, (EventId{.transaction = 100, .ordinal = 3}));
}

TEST(ExactlyOnce, AFailedCommitDeliversNothingAndSaysWhy) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  driver.client->finish(
      JobFailure{.error = {.code = -144, .text = "fenced", .requires_abort = true},
                 .act = "commit the transaction"});
  const Result<void> stepped = driver.step(Supply::Dry);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().kind, ErrorKind::Fenced);
  EXPECT_EQ(driver.delivered(), Tickets{});
  EXPECT_EQ(driver.sink->counters().errors_fenced, 1U);
}

TEST(ExactlyOnce, SuccessOfAnAbandonedCommitIsNotDelivered) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  driver.sink->abandon();
  EXPECT_FALSE(driver.sink->at_rest());
  driver.client->finish(Done{});
  static_cast<void>(driver.sink->look(driver.now));
  EXPECT_EQ(driver.delivered(), Tickets{});
}

}  // namespace
}  // namespace outrider::kafka::testing
