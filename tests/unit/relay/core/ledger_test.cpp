#include "relay/core/ledger.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace outrider {
namespace {

Position position_of(int number) {
  const std::array<std::byte, 1> bytes{static_cast<std::byte>(number)};
  return Position(bytes);
}

Ticket sealed(DeliveryLedger& ledger, int number) {
  const Ticket ticket = ledger.open(WallTime{});
  ledger.seal(position_of(number), 1, 10);
  return ticket;
}

TEST(Ledger, ConfirmsOnlyTheEndOfTheContiguousDeliveredPrefix) {
  DeliveryLedger ledger;
  const Ticket first = sealed(ledger, 1);
  const Ticket second = sealed(ledger, 2);
  const Ticket third = sealed(ledger, 3);
  EXPECT_TRUE(ledger.delivered(second));
  EXPECT_FALSE(ledger.take_confirmable());
  EXPECT_TRUE(ledger.delivered(first));
  EXPECT_EQ(ledger.take_confirmable(), position_of(2));
  EXPECT_FALSE(ledger.take_confirmable());
  EXPECT_TRUE(ledger.delivered(third));
  EXPECT_EQ(ledger.take_confirmable(), position_of(3));
  EXPECT_TRUE(ledger.empty());
}

TEST(Ledger, IgnoresReportsOfTicketsItDoesNotKnow) {
  DeliveryLedger ledger;
  const Ticket abandoned = sealed(ledger, 1);
  ledger.clear();
  const Ticket current = sealed(ledger, 2);
  EXPECT_NE(abandoned, current);
  EXPECT_FALSE(ledger.delivered(abandoned));
  EXPECT_FALSE(ledger.delivered(Ticket{99}));
  EXPECT_FALSE(ledger.take_confirmable());
}

TEST(Ledger, NeverConfirmsATicketTwiceOrBeforeItIsSealed) {
  DeliveryLedger ledger;
  const Ticket first = sealed(ledger, 1);
  const Ticket open = ledger.open(WallTime{});
  EXPECT_FALSE(ledger.delivered(open));
  EXPECT_TRUE(ledger.delivered(first));
  EXPECT_FALSE(ledger.delivered(first));
  EXPECT_EQ(ledger.take_confirmable(), position_of(1));
  ledger.seal(position_of(2), 1, 1);
  EXPECT_TRUE(ledger.delivered(open));
  EXPECT_EQ(ledger.take_confirmable(), position_of(2));
}

TEST(Ledger, TellsTheOldestUndeliveredCommitAndWhatATicketHeld) {
  DeliveryLedger ledger;
  EXPECT_FALSE(ledger.oldest());
  const WallTime early{std::chrono::seconds(5)};
  const Ticket ticket = ledger.open(early);
  ledger.seal(position_of(1), 7, 70);
  EXPECT_EQ(ledger.oldest(), early);
  const auto delivered = ledger.delivered(ticket);
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->records, 7U);
  EXPECT_EQ(delivered->bytes, 70U);
  EXPECT_EQ(delivered->committed_at, early);
  EXPECT_FALSE(ledger.oldest());
}

TEST(Ledger, ACancelledTicketLeavesNothingBehind) {
  DeliveryLedger ledger;
  const Ticket cancelled = ledger.open(WallTime{});
  ledger.cancel();
  EXPECT_TRUE(ledger.empty());
  EXPECT_EQ(ledger.open(WallTime{}), cancelled);
}

}  // namespace
}  // namespace outrider
