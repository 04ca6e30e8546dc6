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

CommittedEvent event_of(std::uint64_t transaction, WallTime committed_at = {}) {
  return {.id = {.transaction = transaction, .ordinal = 0}, .committed_at = committed_at};
}

Ticket sealed(DeliveryLedger& ledger, int number) {
  const Ticket ticket = ledger.open(event_of(1));
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
  const Ticket open = ledger.open(event_of(2));
  EXPECT_FALSE(ledger.delivered(open));
  EXPECT_TRUE(ledger.delivered(first));
  EXPECT_FALSE(ledger.delivered(first));
  EXPECT_EQ(ledger.take_confirmable(), position_of(1));
  ledger.seal(position_of(2), 1, 1);
  EXPECT_TRUE(ledger.delivered(open));
  EXPECT_EQ(ledger.take_confirmable(), position_of(2));
}

TEST(Ledger, TellsTheOldestUndeliveredEventAndWhatATicketHeld) {
  DeliveryLedger ledger;
  EXPECT_FALSE(ledger.oldest());
  const WallTime early{std::chrono::seconds(5)};
  const Ticket ticket = ledger.open(event_of(3, early));
  ledger.seal(position_of(1), 7, 70);
  ASSERT_TRUE(ledger.oldest());
  EXPECT_EQ(ledger.oldest()->committed_at, early);
  EXPECT_EQ(ledger.oldest()->id.transaction, 3U);
  const auto delivered = ledger.delivered(ticket);
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->records, 7U);
  EXPECT_EQ(delivered->bytes, 70U);
  EXPECT_EQ(delivered->committed_at, early);
  EXPECT_FALSE(ledger.oldest());
}

TEST(Ledger, ATicketWithoutEventsIsNoUndeliveredEvent) {
  DeliveryLedger ledger;
  const Ticket idle = ledger.open_without_events();
  ledger.seal(position_of(1), 0, 0);
  EXPECT_FALSE(ledger.oldest());
  const Ticket ticket = sealed(ledger, 2);
  EXPECT_TRUE(ledger.oldest());
  EXPECT_TRUE(ledger.delivered(ticket));
  EXPECT_FALSE(ledger.oldest()) << "delivered, but not yet to be confirmed";
  EXPECT_TRUE(ledger.delivered(idle));
}

TEST(Ledger, ACancelledTicketLeavesNothingBehind) {
  DeliveryLedger ledger;
  const Ticket cancelled = ledger.open(event_of(1));
  ledger.cancel();
  EXPECT_TRUE(ledger.empty());
  EXPECT_EQ(ledger.open(event_of(1)), cancelled);
}

}  // namespace
}  // namespace outrider
