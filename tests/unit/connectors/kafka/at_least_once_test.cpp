// at_least_once: nothing is delivered before a checkpoint that covers it is acknowledged.
#include "tests/unit/connectors/kafka/sink_driver.h"

#include <gtest/gtest.h>

namespace outrider::kafka::testing {
namespace {

using Offer = Sink::Offer;
using Tickets = std::vector<std::uint64_t>;
using std::chrono_literals::operator""ms;

TEST(AtLeastOnce, ATicketIsDeliveredOnlyAfterItsCheckpointIsAcknowledged) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_TRUE(driver.client->checkpoints().empty());
  driver.client->acknowledge_records();
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_EQ(driver.client->checkpoints().size(), 1U);
  EXPECT_EQ(driver.client->checkpoints().back(), driver.stored(1, Delivery::AtLeastOnce, false));
  EXPECT_EQ(driver.delivered(), Tickets{});
  driver.client->acknowledge_checkpoint();
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.delivered(), Tickets{1});
}

TEST(AtLeastOnce, ACheckpointCoversOnlyTheContiguousAcknowledgedPrefix) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    ASSERT_EQ(driver.offer(ticket), Offer::Taken);
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
  }
  const auto& records = driver.client->records();
  driver.client->acknowledge(records[2].tag, 1);
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_TRUE(driver.client->checkpoints().empty());
  driver.client->acknowledge(records[0].tag, 1);
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_EQ(driver.client->checkpoints().size(), 1U);
  EXPECT_EQ(driver.client->checkpoints().back(), driver.stored(1, Delivery::AtLeastOnce, false));
  driver.client->acknowledge(records[1].tag, 1);
  driver.client->acknowledge_checkpoint();
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_EQ(driver.delivered(), Tickets{1});
}

TEST(AtLeastOnce, AnUnsealedTicketIsNotCoveredEvenWhenAllItsRecordsAreAcknowledged) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  driver.client->acknowledge_records();
  ASSERT_TRUE(driver.step(Supply::Dry));
  ASSERT_TRUE(driver.step_after(1000ms, Supply::Closing));
  EXPECT_TRUE(driver.client->checkpoints().empty());
}

TEST(AtLeastOnce, CheckpointsAreAFifthOfASecondApart) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  for (std::uint64_t ticket = 1; ticket <= 2; ++ticket) {
    ASSERT_EQ(driver.offer(ticket), Offer::Taken);
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
    driver.client->acknowledge_records();
    ASSERT_TRUE(driver.step(Supply::Dry));
    EXPECT_EQ(driver.client->checkpoints().size(), 1U);
    if (ticket == 1) driver.client->acknowledge_checkpoint();
  }
  EXPECT_EQ(driver.sink->wake().at(), driver.now + 200ms);
  ASSERT_TRUE(driver.step_after(200ms, Supply::Dry));
  EXPECT_EQ(driver.client->checkpoints().size(), 2U);
}

TEST(AtLeastOnce, AnOrderlyStopIsWrittenAtOnceAndCalledClean) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  driver.client->acknowledge_records();
  ASSERT_TRUE(driver.step(Supply::Dry));
  driver.client->acknowledge_checkpoint();
  ASSERT_EQ(driver.seal(2), Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::Closing));
  ASSERT_EQ(driver.client->checkpoints().size(), 2U);
  EXPECT_EQ(driver.client->checkpoints().back(), driver.stored(2, Delivery::AtLeastOnce, true));
}

TEST(AtLeastOnce, AStopWithRecordsStillInFlightIsNotCalledClean) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  for (std::uint64_t ticket = 1; ticket <= 2; ++ticket) {
    ASSERT_EQ(driver.offer(ticket), Offer::Taken);
    ASSERT_EQ(driver.seal(ticket), Offer::Taken);
  }
  driver.client->acknowledge(driver.client->records()[0].tag, 1);
  ASSERT_TRUE(driver.step(Supply::Closing));
  for (const std::string& written : driver.client->checkpoints()) {
    EXPECT_EQ(written, driver.stored(1, Delivery::AtLeastOnce, false));
  }
}

TEST(AtLeastOnce, WritesItsModeBeforeItsFirstRecord) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start(driver.stored(9, Delivery::ExactlyOnce, true));
  ASSERT_EQ(driver.client->checkpoints().size(), 1U);
  EXPECT_EQ(driver.client->checkpoints().back(), driver.stored(9, Delivery::AtLeastOnce, false, 2));
  EXPECT_EQ(driver.offer(10), Offer::Full);
  EXPECT_TRUE(driver.client->records().empty());
  driver.client->acknowledge_checkpoint();
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_EQ(driver.offer(10), Offer::Taken);
}

TEST(AtLeastOnce, ARejectedRecordIsNamedAndItsTicketNeverCovered) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  ASSERT_EQ(driver.offer(1, 4), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  const ScriptedClient::ProducedRecord rejected = driver.client->records().back();
  driver.client->fail_record(rejected.tag, rejected.offset, {.code = 29, .text = "not allowed"});
  static_cast<void>(driver.step(Supply::Dry));
  EXPECT_TRUE(driver.client->checkpoints().empty());
  EXPECT_EQ(driver.delivered(), Tickets{});
  ASSERT_TRUE(driver.failed);
  EXPECT_EQ(driver.failed->event, (EventId{.transaction = 100, .ordinal = 4}));
  EXPECT_EQ(driver.failed->error.kind, ErrorKind::Denied);
}

TEST(AtLeastOnce, ReportsOfAnAbandonedRunAreIgnored) {
  SinkDriver driver(Delivery::AtLeastOnce);
  driver.start();
  ASSERT_EQ(driver.offer(1), Offer::Taken);
  ASSERT_EQ(driver.seal(1), Offer::Taken);
  driver.sink->abandon();
  driver.client->finish(Done{});
  static_cast<void>(driver.sink->look(driver.now));
  driver.client->acknowledge_records();
  driver.client->finish(SinkDriver::facts());
  static_cast<void>(driver.sink->look(driver.now));
  static_cast<void>(driver.open());
  driver.client->finish(SinkDriver::facts());
  static_cast<void>(driver.open());
  ASSERT_TRUE(driver.step(Supply::Dry));
  EXPECT_TRUE(driver.client->checkpoints().empty());
  EXPECT_EQ(driver.delivered(), Tickets{});
}

}  // namespace
}  // namespace outrider::kafka::testing
