// The commands of daily use, on real servers: status, healthcheck.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outrider::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(Status, TellsOfARunningRelayAndExitsWithSuccess) {
  World world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  const std::string text = world.command({"status"});
  EXPECT_THAT(text, HasSubstr("\nmain: streaming, leader"));
  EXPECT_THAT(text, HasSubstr("3 events since the start; last commit "));
  EXPECT_THAT(text, HasSubstr("reserved, retains "));
  const Json status = Json::parse(world.command({"status", "--format", "json"}));
  EXPECT_EQ(status["pipelines"]["main"]["events"]["published"], 3);
  const std::string url = "http://127.0.0.1:" + std::to_string(world.relay_port());
  EXPECT_THAT(run({OUTRIDER_BINARY, "status", "--url", url}), HasSubstr("main: streaming"));
  EXPECT_EQ(run({OUTRIDER_BINARY, "healthcheck", "--url", url, "--ready"}), "");
  EXPECT_THAT(world.command({"status", "--pipeline", "other"}), HasSubstr("exit 64"));
}

TEST(Status, ExitsWith69WhileNobodyAnswers) {
  World world;
  world.setup();
  EXPECT_THAT(world.command({"status"}), HasSubstr("exit 69"));
  EXPECT_THAT(world.command({"healthcheck"}), HasSubstr("exit 69"));
}

TEST(Status, OfAHaltedPipelineExitsWith78AndSaysReasonAndRemedy) {
  World world;
  world.setup(Payload::Text);
  world.start();
  world.emit(1);
  world.wait_delivered(1);
  world.sql(world.insert("'k'", "null"));
  world.wait_state("halted");
  const std::string text = world.command({"status"});
  EXPECT_THAT(text, HasSubstr("exit 78"));
  EXPECT_THAT(text, HasSubstr("main: halted"));
  EXPECT_THAT(text, HasSubstr("\n  reason     "));
  EXPECT_THAT(text, HasSubstr("\n  remedy     "));
  // A restart would not mend it.
  EXPECT_EQ(world.command({"healthcheck"}), "");
  EXPECT_THAT(world.command({"healthcheck", "--ready"}), HasSubstr("exit 69: [-]main failed: "));
}

}  // namespace
}  // namespace outrider::testing
