// What every sink promises of records: delivered once, whole, in order, or refused.
#include "tests/conformance/sink_driver.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace outrider::conformance {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAreArray;

constexpr int kOffersMax = 100'000;

void append(std::vector<PlainRecord>& all, const std::vector<PlainRecord>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

TEST_P(SinkConformance, WhatIsSealedIsDeliveredWholeAndInOrder) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  std::vector<PlainRecord> offered;
  for (const int count : {1, 3, 2}) {
    const std::vector<PlainRecord> records =
        some_records(topic, static_cast<int>(offered.size()), count);
    append(offered, records);
    driver.offer(records);
    driver.seal(position_number(offered.size()));
  }
  driver.deliver();
  EXPECT_EQ(driver.delivered(), 3U);
  EXPECT_THAT(under_test_->seen(offered.size()), ElementsAreArray(offered));
}

TEST_P(SinkConformance, ARecordArrivesAsItWasOffered) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  std::vector<PlainRecord> records = some_records(topic, 0, 6);
  records[0].value.reset();
  records[1].value = "";
  records[2].key = "";
  records[3].headers.clear();
  records[4].value = "{\"text\":\"\u00e4 \\\" \\n\"}";
  records[5].value = std::string(100'000, 'x');
  driver.deliver(records, position_number(1));
  EXPECT_THAT(under_test_->seen(records.size()), ElementsAreArray(records));
}

TEST_P(SinkConformance, NothingOfATicketIsSeenBeforeItsSeal) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  const std::vector<PlainRecord> first = some_records(topic, 0, 2);
  driver.deliver(first, position_number(1));
  std::vector<PlainRecord> all = first;
  append(all, some_records(topic, 2, 3));
  driver.offer({all.begin() + 2, all.end()});
  driver.step(Supply::Dry);
  EXPECT_EQ(driver.delivered(), 1U) << "an open ticket is never delivered";
  const std::vector<PlainRecord> seen = under_test_->seen(first.size());
  if (under_test_->promises().hides_undelivered) {
    EXPECT_THAT(seen, ElementsAreArray(first));
  } else {
    ASSERT_LE(seen.size(), all.size());
    EXPECT_TRUE(std::equal(seen.begin(), seen.end(), all.begin()))
        << "no prefix of what was offered";
  }
  driver.seal(position_number(2));
  driver.deliver();
  EXPECT_THAT(under_test_->seen(all.size()), ElementsAreArray(all));
}

TEST_P(SinkConformance, MoreThanItsLimitsIsDeliveredOnceEachAndInOrder) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  const auto most = static_cast<int>(under_test_->sink().limits().records);
  std::vector<PlainRecord> offered;
  for (int ticket = 0; ticket < 4; ++ticket) {
    const std::vector<PlainRecord> records = some_records(topic, ticket * most, most);
    append(offered, records);
    driver.offer(records);
    driver.seal(position_number(offered.size()));
  }
  driver.deliver();
  EXPECT_EQ(driver.delivered(), 4U);
  const std::vector<PlainRecord> seen = under_test_->seen(offered.size());
  EXPECT_EQ(seen.size(), offered.size());
  EXPECT_TRUE(seen == offered);
}

TEST_P(SinkConformance, FullIsAnsweredByRoomLater) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  std::vector<PlainRecord> offered = some_records(topic, 0, 1);
  driver.deliver(offered, position_number(1));
  under_test_->hold_back();
  const std::size_t ticket_records = under_test_->sink().limits().records;
  bool is_full = false;
  for (int number = 1; !is_full; ++number) {
    ASSERT_LT(number, kOffersMax) << "it takes everything";
    PlainRecord record = some_records(topic, number, 1)[0];
    record.value->append(1000, ' ');
    offered.push_back(record);
    is_full = driver.offer_once(record) == Sink::Offer::Full;
    if (!is_full && offered.size() % ticket_records == 0) driver.seal(position_number(2));
  }
  under_test_->let_go();
  driver.offer(offered.back());
  driver.seal(position_number(3));
  driver.deliver();
  const std::vector<PlainRecord> seen = under_test_->seen(offered.size());
  EXPECT_EQ(seen.size(), offered.size());
  EXPECT_TRUE(seen == offered);
}

TEST_P(SinkConformance, ABadRecordIsRefusedAloneAndNothingOfItIsTaken) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  std::vector<PlainRecord> taken = some_records(topic, 0, 1);
  driver.offer(taken);
  for (const PlainRecord& bad : under_test_->bad_records()) {
    try {
      driver.offer(bad);
      ADD_FAILURE() << "it was taken: " << ::testing::PrintToString(bad);
    } catch (const Failed& failed) {
      EXPECT_EQ(failed.error.kind, ErrorKind::BadEvent) << failed.what();
    }
    const std::vector<PlainRecord> next = some_records(topic, static_cast<int>(taken.size()), 1);
    driver.offer(next);
    append(taken, next);
  }
  driver.seal(position_number(1));
  driver.deliver();
  EXPECT_EQ(driver.delivered(), 1U);
  EXPECT_THAT(under_test_->seen(taken.size()), ElementsAreArray(taken));
}

TEST_P(SinkConformance, WhatWasAbandonedIsNotSeenOrComesAgain) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  const std::vector<PlainRecord> first = some_records(topic, 0, 1);
  driver.deliver(first, position_number(1));
  const std::vector<PlainRecord> given_up = some_records(topic, 100, 3);
  driver.offer(given_up);
  driver.step(Supply::Dry);
  driver.abandon();
  const Found found = driver.start();
  if (under_test_->promises().keeps_checkpoints) {
    ASSERT_TRUE(found.checkpoint.has_value());
    EXPECT_EQ(found.checkpoint->position, position_number(1)) << "it would not be offered again";
  }
  const std::vector<PlainRecord> last = some_records(topic, 1, 2);
  driver.deliver(last, position_number(2));
  std::vector<PlainRecord> delivered = first;
  append(delivered, last);
  std::vector<PlainRecord> seen = under_test_->seen_through(last.back());
  if (!under_test_->promises().hides_undelivered) {
    std::erase_if(seen, [&](const PlainRecord& record) {
      return std::ranges::find(given_up, record) != given_up.end();
    });
  }
  EXPECT_THAT(seen, ElementsAreArray(delivered));
}

TEST_P(SinkConformance, SleepsWhileNothingHappens) {
  SinkDriver driver(under_test_->sink());
  driver.start();
  driver.deliver(some_records(under_test_->topic(), 0, 1), position_number(1));
  const int wakes = count_wakes(
      300ms, [&] { driver.step(Supply::Dry); }, [&] { return under_test_->sink().wake(); });
  EXPECT_LE(wakes, 30);
}

}  // namespace
}  // namespace outrider::conformance
