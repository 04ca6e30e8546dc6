// `outrider skip`: past one bad event, with nothing else lost or repeated.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> keys_of(const std::vector<Delivered>& delivered) {
  std::vector<std::string> keys;
  for (const Delivered& record : delivered) keys.push_back(record.key);
  return keys;
}

/// "0/1A2B3C8:4" of the reason why the pipeline halted.
std::string event_of(const std::string& reason) {
  static const std::regex kEvent("event ([0-9A-F]+/[0-9A-F]+:[0-9]+)");
  std::smatch found;
  EXPECT_TRUE(std::regex_search(reason, found, kEvent)) << reason;
  return found[1];
}

/// One good event, then a transaction with bad ones between good ones, then a good one.
World halted(int bad) {
  World world;
  world.setup(Payload::Text);
  world.start();
  world.sql(world.insert("'1'", "'{}'"));
  std::string middle = world.insert("'2'", "'{}'");
  for (int i = 0; i < bad; ++i) middle += world.insert("'bad'", "null");
  world.sql("begin; " + middle + world.insert("'3'", "'{}'") + "commit");
  world.sql(world.insert("'4'", "'{}'"));
  world.wait_state("halted");
  return world;
}

TEST(Skip, GoesPastTheEventAndEverythingElseArrivesOnce) {
  World world = halted(1);
  const PipelineReport report = world.wait_state("halted");
  const std::string event = event_of(report.reason);
  EXPECT_THAT(report.hint, HasSubstr("`outrider skip --event " + event + "`"));
  const std::string dry = world.command({"skip", "--event", event});
  EXPECT_THAT(dry, HasSubstr("event " + event + " would be left out"));
  EXPECT_THAT(dry, HasSubstr("nothing was changed; --yes does it"));
  EXPECT_THAT(keys_of(world.delivered()), ElementsAre("1"));

  EXPECT_THAT(world.command({"skip", "--event", event, "--yes"}), HasSubstr("went past it"));
  world.stop();
  world.start();
  world.wait_state("streaming");
  world.sql(world.insert("'5'", "'{}'"));
  EXPECT_EQ(world.wait_delivered(5).size(), 5U);
  world.stop();
  EXPECT_THAT(keys_of(world.delivered()), ::testing::UnorderedElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(world.command({"skip", "--event", event, "--yes"}),
              HasSubstr("it was passed already"));
}

TEST(Skip, LeavesThePolicyAsItIs) {
  World world = halted(1);
  const std::string event = event_of(world.wait_state("halted").reason);
  world.command({"skip", "--event", event, "--yes"});
  world.stop();
  world.start();
  world.wait_state("streaming");
  world.sql(world.insert("'bad'", "null"));
  EXPECT_NE(event_of(world.wait_state("halted").reason), event);
  EXPECT_EQ(world.delivered().size(), 4U);
}

TEST(Skip, NamesAnotherBadEventOfTheTransactionAndDeliversNothingOfIt) {
  World world = halted(2);
  const std::string first = event_of(world.wait_state("halted").reason);
  const std::string said = world.command({"skip", "--event", first, "--yes"});
  EXPECT_THAT(said, HasSubstr("exit 78"));
  EXPECT_THAT(said, HasSubstr("halted before the end: event "));
  EXPECT_THAT(keys_of(world.delivered()), ElementsAre("1"));
  const std::string second = event_of(said.substr(said.find("halted before the end")));
  EXPECT_NE(second, first);
  EXPECT_THAT(world.command({"skip", "--event", first, "--event", second, "--yes"}),
              HasSubstr("went past it"));
  world.stop();
  world.start();
  world.wait_state("streaming");
  EXPECT_EQ(world.wait_delivered(4).size(), 4U);
}

TEST(Skip, IsRefusedWhileARelayIsActiveAndForAnEventThatIsNotThere) {
  World world;
  world.setup();
  world.start();
  world.emit(1);
  world.wait_delivered(1);
  EXPECT_THAT(world.command({"skip", "--event", "0/10:0", "--yes"}),
              ::testing::AllOf(HasSubstr("exit 69"), HasSubstr("a relay is active")));
  world.stop();
  EXPECT_THAT(world.command({"skip", "--event", "FFFFFF/0:0", "--yes"}),
              ::testing::AllOf(HasSubstr("exit 78"), HasSubstr("is not in the log")));
  EXPECT_THAT(world.command({"skip", "--event", "0/10:0", "--yes"}),
              ::testing::AllOf(HasSubstr("exit 78"), HasSubstr("it was passed already")));
  EXPECT_THAT(world.command({"skip", "--event", "7", "--yes"}), HasSubstr("exit 64"));
}

}  // namespace
}  // namespace outrider::testing
