// What every sink promises of its checkpoint, and of giving up and beginning again.
#include "tests/conformance/sink_driver.h"

#include <gmock/gmock.h>

#include <array>
#include <cstddef>

namespace outrider::conformance {
namespace {

using ::testing::ElementsAreArray;

/// For a sink that keeps none there is nothing to find.
void expect_found(const Found& found, const SinkPromises& promises, const Position& position) {
  EXPECT_EQ(found.keeps_checkpoints, promises.keeps_checkpoints);
  ASSERT_EQ(found.checkpoint.has_value(), promises.keeps_checkpoints);
  if (!found.checkpoint) return;
  EXPECT_EQ(found.checkpoint->position, position);
  EXPECT_EQ(found.checkpoint->written_by, promises.delivery);
}

std::vector<Position> all_kinds_of_positions() {
  std::vector<std::byte> every_byte;
  for (std::size_t i = 0; i < Position::kBytesMax; ++i) {
    every_byte.push_back(static_cast<std::byte>(i));
  }
  const std::array zero = {std::byte{0}};
  return {Position(), Position(zero), Position(every_byte), position_number(0),
          position_number(UINT64_MAX)};
}

TEST_P(SinkConformance, FindsNoCheckpointAtFirst) {
  SinkDriver driver(under_test_->sink());
  for (const Found& found : {driver.look(), driver.open()}) {
    EXPECT_EQ(found.keeps_checkpoints, under_test_->promises().keeps_checkpoints);
    EXPECT_FALSE(found.checkpoint.has_value());
  }
}

TEST_P(SinkConformance, LookAndOpenFindTheCheckpointThatWasSealedLast) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  for (int i = 1; i <= 3; ++i) {
    driver.offer(some_records(topic, i, 1));
    driver.seal(position_number(static_cast<std::uint64_t>(i)));
  }
  driver.deliver();
  driver.abandon();
  expect_found(driver.look_for(position_number(3)), under_test_->promises(), position_number(3));
  expect_found(driver.open(), under_test_->promises(), position_number(3));
}

TEST_P(SinkConformance, ATicketWithoutRecordsIsACheckpointAlone) {
  SinkDriver driver(under_test_->sink());
  const std::vector<PlainRecord> records = some_records(under_test_->topic(), 0, 1);
  driver.start();
  driver.deliver({}, position_number(1));
  driver.deliver(records, position_number(2));
  driver.deliver({}, position_number(3));
  EXPECT_EQ(driver.delivered(), 3U);
  driver.abandon();
  expect_found(driver.start(), under_test_->promises(), position_number(3));
  EXPECT_THAT(under_test_->seen(1), ElementsAreArray(records));
}

TEST_P(SinkConformance, EveryPositionSurvivesTheCheckpoint) {
  SinkDriver driver(under_test_->sink());
  for (const Position& position : all_kinds_of_positions()) {
    driver.start();
    driver.deliver({}, position);
    driver.abandon();
    expect_found(driver.look_for(position), under_test_->promises(), position);
    driver.abandon();
  }
}

TEST_P(SinkConformance, ACheckpointWrittenWhileClosingIsClean) {
  SinkDriver driver(under_test_->sink());
  driver.start();
  driver.deliver(some_records(under_test_->topic(), 0, 1), position_number(1));
  driver.seal(position_number(2));
  driver.deliver(Supply::Closing);
  driver.abandon();
  const Found found = driver.start();
  expect_found(found, under_test_->promises(), position_number(2));
  EXPECT_EQ(found.checkpoint && found.checkpoint->clean, under_test_->promises().keeps_checkpoints);
}

TEST_P(SinkConformance, NoTicketIsReportedAfterItWasAbandoned) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  driver.start();
  driver.deliver(some_records(topic, 0, 1), position_number(1));
  driver.offer(some_records(topic, 1, 2));
  driver.seal(position_number(2));
  // It is on its way, and not collected: the driver throws if it is reported later.
  value_of(under_test_->sink().step(read_clocks().steady, Supply::Dry));
  driver.abandon();
  const Found found = driver.start();
  driver.deliver(some_records(topic, 3, 1), position_number(3));
  driver.step(Supply::Dry);
  EXPECT_EQ(driver.delivered(), 2U);
  // Whether it was delivered, the checkpoint and the records say alike.
  const bool was_delivered = found.checkpoint && found.checkpoint->position == position_number(2);
  const std::size_t seen = under_test_->seen_through(some_records(topic, 3, 1)[0]).size();
  if (under_test_->promises().hides_undelivered) {
    EXPECT_EQ(seen, was_delivered ? 4U : 2U);
  } else if (was_delivered) {
    EXPECT_EQ(seen, 4U);
  }
}

TEST_P(SinkConformance, MayBeAbandonedAtAnyMomentOfItsStart) {
  Sink& sink = under_test_->sink();
  SinkDriver driver(sink);
  driver.start();
  driver.deliver({}, position_number(1));
  driver.abandon();
  bool is_open = false;
  for (int turns = 0; !is_open; ++turns) {
    ASSERT_LT(turns, 1000) << "the sink never opens";
    bool has_looked = false;
    // One call more than the time before, then it is given up.
    for (int left = turns; left > 0 && !is_open; --left) {
      const TimePoint now = read_clocks().steady;
      const bool done =
          value_of(has_looked ? sink.open(now, std::nullopt) : sink.look(now)).has_value();
      is_open = has_looked && done;
      has_looked = has_looked || done;
      if (!done) sleep(sink.wake(), now + kPatience, "the sink opens");
    }
    driver.abandon();
    EXPECT_TRUE(sink.at_rest());
  }
  expect_found(driver.start(), under_test_->promises(), position_number(1));
}

TEST_P(SinkConformance, OpensAgainAsOftenAsOneLikes) {
  SinkDriver driver(under_test_->sink());
  const std::string topic = under_test_->topic();
  std::vector<PlainRecord> all;
  for (int i = 1; i <= 5; ++i) {
    const Found found = driver.start();
    if (i > 1) {
      expect_found(found, under_test_->promises(),
                   position_number(static_cast<std::uint64_t>(i - 1)));
    }
    all.push_back(some_records(topic, i, 1)[0]);
    driver.deliver({all.back()}, position_number(static_cast<std::uint64_t>(i)));
    driver.abandon();
  }
  EXPECT_THAT(under_test_->seen(all.size()), ElementsAreArray(all));
}

}  // namespace
}  // namespace outrider::conformance
