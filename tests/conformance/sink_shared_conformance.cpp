// What a sink promises when several instances write to the same place.
#include "tests/conformance/sink_driver.h"

#include <gmock/gmock.h>

namespace outrider::conformance {
namespace {

using ::testing::ElementsAreArray;

TEST_P(SharedSinkConformance, LookFencesNobody) {
  SinkDriver driver(under_test_->sink());
  const std::vector<PlainRecord> records = some_records(under_test_->topic(), 0, 2);
  driver.start();
  driver.deliver({records[0]}, position_number(1));
  const std::unique_ptr<Sink> other = under_test_->another();
  SinkDriver other_driver(*other);
  const Found found = other_driver.look_for(position_number(1));
  if (under_test_->promises().keeps_checkpoints) {
    ASSERT_TRUE(found.checkpoint.has_value());
    EXPECT_EQ(found.checkpoint->position, position_number(1));
  }
  other_driver.abandon();
  driver.deliver({records[1]}, position_number(2));
  EXPECT_THAT(under_test_->seen(2), ElementsAreArray(records));
}

TEST_P(SharedSinkConformance, OpenFencesTheOlderInstanceOrBothGoOn) {
  SinkDriver driver(under_test_->sink());
  const std::vector<PlainRecord> records = some_records(under_test_->topic(), 0, 4);
  driver.start();
  driver.deliver({records[0]}, position_number(1));
  driver.offer(records[1]);
  driver.step(Supply::Dry);
  const std::unique_ptr<Sink> other = under_test_->another();
  SinkDriver other_driver(*other);
  other_driver.start();
  if (!under_test_->promises().fences_older_instances) {
    driver.seal(position_number(2));
    driver.deliver();
    other_driver.deliver({records[2]}, position_number(3));
    EXPECT_EQ(under_test_->seen_through(records[2]).size(), 3U);
    return;
  }
  try {
    driver.seal(position_number(2));
    driver.deliver();
    ADD_FAILURE() << "the older instance was not fenced";
  } catch (const Failed& failed) {
    EXPECT_EQ(failed.error.kind, ErrorKind::Fenced) << failed.what();
  }
  driver.abandon();
  other_driver.deliver({records[2]}, position_number(3));
  // And the other way round.
  const Found found = driver.start();
  ASSERT_TRUE(found.checkpoint.has_value());
  EXPECT_EQ(found.checkpoint->position, position_number(3));
  driver.deliver({records[3]}, position_number(4));
  EXPECT_THAT(under_test_->seen_through(records[3]),
              ElementsAreArray({records[0], records[2], records[3]}));
}

TEST_P(SharedSinkConformance, AnInstanceThatIsGoneLeavesNothingBehindThatHinders) {
  const std::vector<PlainRecord> records = some_records(under_test_->topic(), 0, 2);
  {
    const std::unique_ptr<Sink> gone = under_test_->another();
    SinkDriver driver(*gone);
    driver.start();
    driver.deliver({records[0]}, position_number(1));
    // Destroyed in the middle of a ticket.
    driver.offer(some_records(records[0].topic, 100, 1));
  }
  SinkDriver driver(under_test_->sink());
  const Found found = driver.start();
  if (under_test_->promises().keeps_checkpoints) {
    ASSERT_TRUE(found.checkpoint.has_value());
    EXPECT_EQ(found.checkpoint->position, position_number(1));
  }
  driver.deliver({records[1]}, position_number(2));
  std::vector<PlainRecord> seen = under_test_->seen_through(records[1]);
  if (!under_test_->promises().hides_undelivered) {
    std::erase(seen, some_records(records[0].topic, 100, 1)[0]);
  }
  EXPECT_THAT(seen, ElementsAreArray(records));
}

}  // namespace
}  // namespace outrider::conformance
