// `outrider tail`: the outbox through a temporary slot, a topic as consumers see it.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include <sstream>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('{')) found.push_back(Json::parse(line));
  }
  return found;
}

std::string slots(const World& world) {
  return world.sql_value(
      "select count(*) from pg_replication_slots where database = "
      "current_database()");
}

TEST(Tail, PrintsWhatIsCommittedAndNothingElseAndTouchesNoOtherSlot) {
  World world;
  world.setup();
  world.emit(1);
  const std::string before = world.confirmed_flush();
  RunningCommand tail = world.start_command({"tail", "--format", "json", "--events", "3"});
  tail.wait_said("through the temporary slot");
  EXPECT_EQ(slots(world), "2");
  world.sql("begin; " + world.insert("'rolled back'", "'{}'") + "rollback");
  world.sql("begin; " + world.insert("'a'", "'{\"n\": 1}'") + world.insert("'b'", "'{}'") +
            "commit");
  world.sql(world.insert("'c'", "'{}'"));
  EXPECT_EQ(tail.process().wait(30s), 0);
  const std::vector<Json> lines = json_lines(tail.said());
  ASSERT_EQ(lines.size(), 3U) << tail.said();
  EXPECT_EQ(lines[0]["key"], "a");
  EXPECT_EQ(Json::parse(lines[0]["value"].get<std::string>()), Json({{"n", 1}}));
  EXPECT_EQ(lines[0]["topic"], "outbox.event." + world.aggregate());
  EXPECT_EQ(lines[1]["key"], "b");
  EXPECT_EQ(lines[0]["lsn"], lines[1]["lsn"]);
  EXPECT_EQ(lines[2]["key"], "c");
  EXPECT_NE(lines[1]["lsn"], lines[2]["lsn"]);
  world.wait_until("the temporary slot is gone", [&] { return slots(world) == "1"; });
  EXPECT_EQ(world.confirmed_flush(), before);
}

TEST(Tail, FollowsBesideARelayAndEndsCleanlyOnSigint) {
  World world;
  world.setup();
  world.start();
  RunningCommand tail = world.start_command({"tail"});
  tail.wait_said("through the temporary slot");
  world.emit(2);
  world.wait_delivered(2);
  tail.wait_said(" key=k id=");
  tail.process().signal(SIGINT);
  EXPECT_EQ(tail.process().wait(30s), 0);
  EXPECT_EQ(world.metric("outrider_rebuilds_total"), 0);
  world.wait_until("the temporary slot is gone", [&] { return slots(world) == "1"; });
}

TEST(Tail, GoesOnAfterABadEventAndSaysWhatIsWrong) {
  World world;
  world.setup(Payload::Text);
  RunningCommand tail = world.start_command({"tail", "--events", "1"});
  tail.wait_said("through the temporary slot");
  world.sql(world.insert("'k'", "null"));
  world.emit(1);
  EXPECT_EQ(tail.process().wait(30s), 0);
  EXPECT_THAT(tail.said(), HasSubstr("bad event at 0/"));
}

TEST(Tail, OfATopicShowsPlaceHeadersAndHowLongARecordTook) {
  World world;
  world.setup();
  world.start();
  RunningCommand tail = world.start_command(
      {"tail", "--topic", "outbox.event." + world.aggregate(), "--format", "json"});
  tail.wait_said("which does not exist yet");
  world.emit(2);
  const std::vector<Delivered> delivered = world.wait_delivered(2);
  world.wait_until("both are printed", [&] { return json_lines(tail.said()).size() >= 2; });
  tail.process().signal(SIGTERM);
  EXPECT_EQ(tail.process().wait(30s), 0);
  const std::vector<Json> lines = json_lines(tail.said());
  ASSERT_EQ(lines.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(lines[i]["key"], "k");
    EXPECT_EQ(lines[i]["offset"], delivered[i].offset);
    EXPECT_EQ(lines[i]["headers"][0]["value"], delivered[i].header("id"));
    EXPECT_GE(lines[i]["latency_ms"], 0);
  }
  const std::string again = world.command({"tail", "--topic", "outbox.event." + world.aggregate(),
                                           "--from-beginning", "--events", "1"});
  EXPECT_THAT(again, HasSubstr("outbox.event." + world.aggregate() + " [0] "));
  EXPECT_THAT(again, Not(HasSubstr(" ms ")));
}

TEST(Tail, NamesTheRemedyOfAPublicationThatIsNotThere) {
  World world;
  world.setup();
  world.sql("drop publication " + world.publication());
  const std::string said = world.command({"tail"});
  EXPECT_THAT(said, HasSubstr("exit 78"));
  EXPECT_THAT(said, HasSubstr("remedy: outrider setup"));
  EXPECT_THAT(world.command({"tail", "--from-beginning"}), HasSubstr("exit 64"));
}

}  // namespace
}  // namespace outrider::testing
