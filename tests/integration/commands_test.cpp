// The commands of daily use, on real servers: status, healthcheck, emit.
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
  world.wait_until("the relay knows that they are delivered",
                   [&] { return world.metric("outrider_events_published_total") == 3; });
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

std::vector<std::string> emit_words(const World& world, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"emit", "--aggregate-type", world.aggregate(), "--aggregate-id",
                                    "42",   "--type",           "test.created"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Emit, SendsOneEventAndSaysWhereAndHowSoonItArrived) {
  World world;
  world.setup();
  world.start();
  const auto emit = [&](const std::string& payload) {
    return Json::parse(world.command(
        emit_words(world, {"--dsn", world.owner_dsn(), "--payload", payload, "--header",
                           "origin=test's", "--wait", "--format", "json"})));
  };
  // The first one makes the topic.
  const Json first = emit("{\"a\": 1}");
  const Json second = emit("[2]");
  const std::vector<Delivered> delivered = world.wait_delivered(2);
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& told = i == 0 ? first : second;
    EXPECT_EQ(told["topic"], delivered[i].topic);
    EXPECT_EQ(told["partition"], delivered[i].partition);
    EXPECT_EQ(told["offset"], delivered[i].offset);
    EXPECT_EQ(told["id"], delivered[i].header("id"));
    EXPECT_GE(told["latency_ms"], 0);
    EXPECT_EQ(delivered[i].key, "42");
    EXPECT_EQ(delivered[i].header("origin"), "test's");
    EXPECT_EQ(delivered[i].header("eventType"), "test.created");
  }
  EXPECT_EQ(Json::parse(delivered[0].value.value_or("")), Json::parse("{\"a\": 1}"));
  EXPECT_THAT(world.command(emit_words(world, {"--dsn", world.owner_dsn(), "--wait"})),
              HasSubstr("arrived in topic outbox.event." + world.aggregate()));
}

TEST(Emit, OfARoleThatMayNotInsertNamesTheGrant) {
  World world;
  world.setup();
  const std::string said = world.command(emit_words(world, {}));
  EXPECT_THAT(said, HasSubstr("exit 77"));
  EXPECT_THAT(said, HasSubstr("grant insert on \"public\".\"outbox\" to relay"));
  world.sql("grant insert on public.outbox to relay");
  EXPECT_THAT(world.command(emit_words(world, {})), HasSubstr("is committed in"));
  world.start();
  EXPECT_EQ(world.wait_delivered(1).size(), 1U);
}

TEST(Emit, SaysWhenTheEventDoesNotArriveInTime) {
  World world;
  world.setup();
  const std::string said =
      world.command(emit_words(world, {"--dsn", world.owner_dsn(), "--wait", "--timeout", "1"}));
  EXPECT_THAT(said, HasSubstr("exit 69"));
  EXPECT_THAT(said, HasSubstr("is committed but not in topic"));
  EXPECT_THAT(said, HasSubstr("outrider status"));
}

TEST(Emit, WritesNothingThatTheTableRefuses) {
  World world;
  world.setup();
  const std::string said =
      world.command(emit_words(world, {"--dsn", world.owner_dsn(), "--payload", "{no json"}));
  EXPECT_THAT(said, HasSubstr("exit 78"));
  EXPECT_THAT(said, HasSubstr("invalid input syntax for type json"));
  EXPECT_EQ(world.sql_value("select count(*) from outbox"), "0");
}

}  // namespace
}  // namespace outrider::testing
