#include "connectors/stdout/record_line.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::standard_output {
namespace {

Record record_of(std::string_view topic, std::optional<std::string_view> value = {}) {
  Record record;
  record.topic = topic;
  record.value = value;
  return record;
}

std::string line_of(const Record& record) {
  std::string line;
  append_line(record, line);
  return line;
}

std::string value_text(std::string_view bytes) {
  return nlohmann::json::parse(line_of(record_of("t", bytes))).value("value", "none");
}

TEST(RecordLine, ShowsTopicKeyValueHeadersAndTime) {
  const std::array headers{Header{.name = "id", .value = "1"}, Header{.name = "x", .value = {}}};
  const Record record{.topic = "outbox.event.order",
                      .key = "42",
                      .value = R"({"total":1})",
                      .headers = headers,
                      .partition = {},
                      .timestamp = WallTime{std::chrono::microseconds(1'700'000'000'000'001)},
                      .event = {}};
  EXPECT_EQ(line_of(record), R"({"topic":"outbox.event.order","key":"42","value":"{\"total\":1}",)"
                             R"("headers":[{"name":"id","value":"1"},{"name":"x","value":null}],)"
                             R"("timestamp_us":1700000000000001})"
                             "\n");
}

TEST(RecordLine, ShowsATombstoneAsNull) {
  const auto json = nlohmann::json::parse(line_of({.topic = "t",
                                                   .key = "k",
                                                   .value = {},
                                                   .headers = {},
                                                   .partition = {},
                                                   .timestamp = {},
                                                   .event = {}}));
  EXPECT_TRUE(json["value"].is_null());
}

TEST(RecordLine, ShowsBytesThatAreNoTextInBase64) {
  using namespace std::string_view_literals;
  const auto encoded = [](std::string_view bytes) {
    return nlohmann::json::parse(line_of(record_of("t", bytes))).value("value_base64", "");
  };
  EXPECT_EQ(encoded("\xff"sv), "/w==");
  EXPECT_EQ(encoded("\xff\x00"sv), "/wA=");
  EXPECT_EQ(encoded("\xff\x00\x10"sv), "/wAQ");
  EXPECT_EQ(encoded("\xff\x00\x10\x83"sv), "/wAQgw==");
}

TEST(RecordLine, TellsTextFromBytesAsUtf8Does) {
  for (const std::string_view text :
       {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(value_text(text), text);
  }
  for (const std::string_view bytes :
       {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xc3("}) {
    EXPECT_EQ(value_text(bytes), "none") << bytes;
  }
}

TEST(RecordLine, StaysOneLineWhateverTheValueHolds) {
  const std::string line = line_of(record_of("t", "a\nb\r\x1b"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace outrider::standard_output
