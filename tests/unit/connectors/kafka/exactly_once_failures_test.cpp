// exactly_once: what becomes of a transaction that failed, and which record is named.
#include "tests/unit/connectors/kafka/sink_driver.h"

#include <gtest/gtest.h>

namespace outrider::kafka::testing {
namespace {

using Offer = Sink::Offer;
using Tickets = std::vector<std::uint64_t>;

TEST(ExactlyOnceFailures, AfterARecordThatTheClientDidNotTakeTheTransactionIsNeverCommitted) {
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
TEST(ExactlyOnceFailures, ARecordThatTheClientCallsTooLargeIsReportedByItsName) {
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
TEST(ExactlyOnceFailures, ARecordRefusedBecauseAnotherFailedWaitsForTheReportOfThatOne) {
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

TEST(ExactlyOnceFailures, ARefusedRecordWithoutAReportEndsTheRunAfterASecond) {
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

TEST(ExactlyOnceFailures, AFullQueueIsNoError) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  driver.client->refuse_produce(Client::Produced::QueueFull);
  EXPECT_EQ(driver.offer(1, 1), Offer::Full);
  EXPECT_EQ(driver.offer(1, 1), Offer::Taken);
}

TEST(ExactlyOnceFailures, ARejectedRecordIsNamedAndItsTransactionNeverCommitted) {
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
TEST(ExactlyOnceFailures, AfterARejectedBatchRecordsAreSentOneByOneUntilTheCulpritIsKnown) {
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

  driver.start_again();
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

TEST(ExactlyOnceFailures, WhenNoRecordIsRejectedAloneItGoesBackToFullBatches) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1, 0), Offer::Taken);
  ASSERT_EQ(driver.offer(1, 1), Offer::Taken);
  for (const ScriptedClient::ProducedRecord& record : driver.client->records()) {
    driver.client->fail_record(record.tag, record.offset, {.code = 10, .text = "too large"});
  }
  static_cast<void>(driver.step(Supply::More));
  driver.start_again();
  for (std::uint64_t ticket = 2; ticket <= 3; ++ticket) {
    for (std::uint64_t ordinal = 0; ordinal < 4; ++ordinal) {
      ASSERT_EQ(driver.offer(ticket, ordinal), Offer::Taken);
    }
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
    ASSERT_TRUE(driver.step(Supply::Dry));
    driver.client->finish(Done{});
    ASSERT_TRUE(driver.step(Supply::Dry));
  }
  EXPECT_EQ(driver.delivered(), (Tickets{2, 3})) << "before the sink begins again";
  const Result<void> stepped = driver.step(Supply::Dry);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().kind, ErrorKind::Interrupted);
  driver.start_again();
  EXPECT_EQ(driver.client->batch_bytes_max(), kBatchBytesMax);
}

TEST(ExactlyOnceFailures, ARejectionDuringTheCommitIsToldBeforeTheCommitsOwnError) {
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

TEST(ExactlyOnceFailures, AFailedCommitDeliversNothingAndSaysWhy) {
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

TEST(ExactlyOnceFailures, SuccessOfAnAbandonedCommitIsNotDelivered) {
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
