#include "connectors/memory/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::memory {
namespace {

using ::testing::ElementsAre;

Record record_of(std::string_view topic, std::optional<std::string_view> value = {}) {
  Record record;
  record.topic = topic;
  record.value = value;
  return record;
}

Position position_at(unsigned char number) {
  const std::array bytes{std::byte{number}};
  return Position(bytes);
}

void put(MemorySink& sink, Ticket ticket, std::string_view value) {
  ASSERT_EQ(*sink.offer(record_of("t", value), ticket), Sink::Offer::Taken);
  const auto number = static_cast<unsigned char>(ticket);
  ASSERT_EQ(*sink.seal(ticket, position_at(number)), Sink::Offer::Taken);
}

std::vector<Ticket> delivered_by(MemorySink& sink) {
  EXPECT_TRUE(sink.step({}, Supply::Dry));
  Deliveries deliveries;
  sink.collect(deliveries);
  return deliveries.delivered;
}

TEST(MemorySink, DeliversRecordsAndCheckpointOfASealedTicketTogether) {
  MemorySink sink;
  const std::string value = "v";
  ASSERT_TRUE(sink.offer(record_of("t", value), Ticket{1}));
  EXPECT_TRUE(delivered_by(sink).empty());
  EXPECT_TRUE(sink.records().empty());
  ASSERT_TRUE(sink.seal(Ticket{1}, position_at(1)));
  EXPECT_THAT(delivered_by(sink), ElementsAre(Ticket{1}));
  ASSERT_EQ(sink.records().size(), 1U);
  EXPECT_EQ(sink.records()[0].value, "v");
  EXPECT_EQ(sink.checkpoint()->position, position_at(1));
}

TEST(MemorySink, HoldsDeliveriesUntilTheTestLetsThemGo) {
  MemorySink sink;
  sink.hold_deliveries();
  put(sink, Ticket{1}, "a");
  put(sink, Ticket{2}, "b");
  EXPECT_TRUE(delivered_by(sink).empty());
  sink.release_deliveries(1);
  EXPECT_THAT(delivered_by(sink), ElementsAre(Ticket{1}));
  sink.release_deliveries();
  EXPECT_THAT(delivered_by(sink), ElementsAre(Ticket{2}));
}

TEST(MemorySink, AbandonDropsWhatIsNotDeliveredAndKeepsWhatIs) {
  MemorySink sink;
  put(sink, Ticket{1}, "a");
  ASSERT_TRUE(sink.step({}, Supply::Dry));
  sink.hold_deliveries();
  put(sink, Ticket{2}, "b");
  sink.abandon();
  sink.release_deliveries();
  EXPECT_TRUE(delivered_by(sink).empty());
  EXPECT_EQ(sink.records().size(), 1U);
  EXPECT_EQ((*sink.open({}, {}))->checkpoint->position, position_at(1));
  EXPECT_EQ(sink.counters().records_in_flight, 0U);
}

TEST(MemorySink, OnlyTheLastCheckpointOfAnOrderlyStopIsClean) {
  MemorySink sink;
  put(sink, Ticket{1}, "a");
  ASSERT_TRUE(sink.step({}, Supply::Dry));
  EXPECT_FALSE(sink.checkpoint()->clean);
  put(sink, Ticket{2}, "b");
  ASSERT_TRUE(sink.step({}, Supply::Closing));
  EXPECT_TRUE(sink.checkpoint()->clean);
}

TEST(MemorySink, FailsAndFillsUpWhenATestSaysSo) {
  MemorySink sink;
  sink.refuse_offers(1);
  EXPECT_EQ(*sink.offer(record_of("t"), Ticket{1}), Sink::Offer::Full);
  sink.fail_offer({ErrorKind::BadEvent, "too large"});
  EXPECT_EQ(sink.offer(record_of("t"), Ticket{1}).error().kind, ErrorKind::BadEvent);
  sink.fail_step({ErrorKind::Fenced, "another one"});
  EXPECT_EQ(sink.step({}, Supply::Dry).error().kind, ErrorKind::Fenced);
  sink.fail_delivery({.event = {7, 1}, .exact = true, .error = {ErrorKind::BadEvent, "no"}});
  Deliveries deliveries;
  sink.collect(deliveries);
  EXPECT_EQ(deliveries.failed->event, (EventId{7, 1}));
}

}  // namespace
}  // namespace outrider::memory
