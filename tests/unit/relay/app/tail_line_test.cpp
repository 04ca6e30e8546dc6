#include "relay/app/tail_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <string_view>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const std::array<Header, 2> kHeaders = {Header{"id", "7"}, Header{"none", std::nullopt}};

Record record_of(std::optional<std::string_view> key, std::optional<std::string_view> value) {
  return {.topic = "outbox.event.order",
          .key = key,
          .value = value,
          .headers = kHeaders,
          .partition = {},
          .timestamp = WallTime{1'700'000'000s},
          .event = {}};
}

TEST(TailLine, OfALogShowsTheCommitAndOfATopicThePlaceAndTheLatency) {
  const Record record = record_of("42", "{}");
  EXPECT_EQ(tail_line(record, {.lsn = "0/16B3748"}, OutputFormat::Text),
            "2023-11-14T22:13:20.000000Z 0/16B3748 outbox.event.order key=42 id=7 none= {}\n");
  EXPECT_EQ(tail_line(record, {.partition = 2, .offset = 9, .latency = 7ms}, OutputFormat::Text),
            "2023-11-14T22:13:20.000000Z outbox.event.order [2] 9 7 ms key=42 id=7 none= {}\n");
}

TEST(TailLine, HasNoControlCharactersOfARow) {
  const std::string line =
      tail_line(record_of("a\nb", "\x1b[2J"), {.lsn = "0/1"}, OutputFormat::Text);
  EXPECT_THAT(line, ::testing::HasSubstr("key=a?b id=7 none= ?[2J\n"));
}

TEST(TailLine, NamesATombstoneAndAMissingKey) {
  EXPECT_THAT(tail_line(record_of({}, {}), {.lsn = "0/1"}, OutputFormat::Text),
              ::testing::HasSubstr("key=(none) id=7 none= (tombstone)\n"));
}

TEST(TailLine, InJsonIsTheRecordAsTheStdoutSinkPrintsItAndItsPlace) {
  const Json topic = Json::parse(tail_line(
      record_of("\xff", {}), {.partition = 2, .offset = 9, .latency = 7ms}, OutputFormat::Json));
  EXPECT_EQ(topic["key_base64"], "/w==");
  EXPECT_TRUE(topic["value"].is_null());
  EXPECT_EQ(topic["partition"], 2);
  EXPECT_EQ(topic["offset"], 9);
  EXPECT_EQ(topic["latency_ms"], 7);
  const Json log = Json::parse(tail_line(record_of("k", "v"), {.lsn = "0/1"}, OutputFormat::Json));
  EXPECT_EQ(log["lsn"], "0/1");
  EXPECT_FALSE(log.contains("offset"));
}

}  // namespace
}  // namespace outrider::app
