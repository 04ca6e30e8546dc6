#include "tests/unit/connectors/kafka/sink_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::kafka::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// A sink that knows the topic "orders" with three partitions and looks again after a minute.
void look_again(SinkDriver& driver) {
  driver.start();
  ASSERT_EQ(driver.offer(1), Sink::Offer::Taken);
  ASSERT_TRUE(driver.step(Supply::More));
  ASSERT_EQ(driver.client->job<CountJob>(), nullptr);
  ASSERT_TRUE(driver.step_after(61s, Supply::More));
  ASSERT_NE(driver.client->job<CountJob>(), nullptr);
  EXPECT_EQ(driver.client->job<CountJob>()->topic, "orders");
}

TEST(Partitions, MoreOfThemAreWarnedAboutOnce) {
  SinkDriver driver;
  look_again(driver);
  driver.client->finish(PartitionCount{.partitions = 4});
  ASSERT_TRUE(driver.step(Supply::More));
  const Notices notices = driver.sink->take_notices();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_THAT(notices[0].what, HasSubstr("has 4 partitions instead of 3"));
  ASSERT_TRUE(driver.step_after(61s, Supply::More));
  driver.client->finish(PartitionCount{.partitions = 4});
  ASSERT_TRUE(driver.step(Supply::More));
  EXPECT_TRUE(driver.sink->take_notices().empty());
}

TEST(Partitions, MoreOfThemHaltIfConfigured) {
  Options options;
  options.on_partition_change = OnPartitionChange::Halt;
  SinkDriver driver(Delivery::ExactlyOnce, options);
  look_again(driver);
  driver.client->finish(PartitionCount{.partitions = 4});
  const Result<void> stepped = driver.step(Supply::More);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().kind, ErrorKind::Refused);
  EXPECT_THAT(stepped.error().hint, HasSubstr("restart"));
}

TEST(Partitions, ARecordForOneThatTheTopicLacksIsABadEvent) {
  SinkDriver driver;
  driver.start();
  ASSERT_EQ(driver.offer(1), Sink::Offer::Taken);
  Record record;
  record.topic = "orders";
  record.event = {.transaction = 100, .ordinal = 1};
  record.partition = 2;
  EXPECT_EQ(driver.sink->offer(record, Ticket{1}), Sink::Offer::Taken);
  record.partition = 3;
  const Result<Sink::Offer> offer = driver.sink->offer(record, Ticket{1});
  ASSERT_FALSE(offer);
  EXPECT_EQ(offer.error().kind, ErrorKind::BadEvent);
  EXPECT_THAT(offer.error().what, HasSubstr("has no partition 3, only 3"));
}

TEST(Partitions, ALookThatFailsIsMadeAgain) {
  SinkDriver driver;
  look_again(driver);
  driver.client->finish(JobFailure{.error = {.code = -185, .text = "timed out"}, .act = "count"});
  ASSERT_TRUE(driver.step(Supply::More));
  ASSERT_TRUE(driver.step_after(61s, Supply::More));
  EXPECT_NE(driver.client->job<CountJob>(), nullptr);
}

}  // namespace
}  // namespace outrider::kafka::testing
