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

}  // namespace
}  // namespace outrider::kafka::testing
