// `outrider check` on real servers: what it says where all is well, beside a relay at work, and
// where nobody answers. What it says of each mistake: troubleshooting_test.cpp.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outrider::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(Check, FindsNothingThatHindersAStartOnceSetupIsDone) {
  World world;
  world.setup();
  const std::string said = world.command({"check", "--connect"});
  EXPECT_THAT(said, AllOf(HasSubstr("main: PostgreSQL 15"), HasSubstr("main: Kafka at "),
                          HasSubstr("a start would begin at the slot's position"),
                          HasSubstr("\n0 errors, 0 warnings, ")));
  // It has made nothing that a first start would take for a use of the slot.
  EXPECT_FALSE(world.has_checkpoint_topic());
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.stop();
  EXPECT_THAT(world.command({"check", "--connect"}),
              HasSubstr("a start would resume at the checkpoint"));
}

TEST(Check, DisturbsNoRelayAtWork) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  const Json document = Json::parse(world.command({"check", "--connect", "--format", "json"}));
  EXPECT_EQ(document["ok"], true);
  EXPECT_THAT(document["findings"].dump(), HasSubstr("a relay is active: PID "));
  EXPECT_EQ(document["servers"].size(), 2U);
  world.emit(3);
  world.wait_delivered(6);
  EXPECT_EQ(world.metric("outrider_rebuilds_total"), 0);
}

TEST(Check, NumbersAllFindingsOfAllServersAtOnce) {
  World world;
  world.configure();
  const std::string text = world.command({"check", "--connect"});
  EXPECT_THAT(text,
              AllOf(HasSubstr("exit 78"), HasSubstr("  1. error: table \"public\".\"outbox\""),
                    HasSubstr("  2. error: publication "), HasSubstr("  3. error: slot "),
                    HasSubstr("\n3 errors, 0 warnings, ")));
  EXPECT_THAT(text, Not(HasSubstr("a start would")));
}

TEST(Check, SaysWhoDoesNotAnswerAndExitsWith69) {
  World world;
  world.setup();
  world.kill_broker();
  const std::string text = world.command({"check", "--connect"});
  world.start_broker();
  EXPECT_THAT(text, AllOf(HasSubstr("exit 69"), HasSubstr("main: Kafka at "),
                          HasSubstr("ask for the brokers: "), HasSubstr("Connection refused"),
                          HasSubstr("remedy: check bootstrap_servers")));
}

TEST(Check, LooksAtTheTopicsThatAreNamed) {
  World world;
  world.options().create_topics = false;
  world.options().outbox = {"topic: outbox.event." + world.aggregate()};
  world.setup();
  const std::string absent = world.command({"check", "--connect", "--topic", "absent"});
  EXPECT_THAT(absent, AllOf(HasSubstr("exit 78"),
                            HasSubstr("topic \"absent\" does not exist, and topics.create is "
                                      "false"),
                            HasSubstr("kafka-topics.sh --create --topic absent")));
  EXPECT_THAT(world.command({"check", "--connect"}), HasSubstr("warning: no topic fits"));
  world.create_topic(2);
  EXPECT_THAT(world.command({"check", "--connect"}), HasSubstr("\n0 errors, 0 warnings, "));
}

}  // namespace
}  // namespace outrider::testing
