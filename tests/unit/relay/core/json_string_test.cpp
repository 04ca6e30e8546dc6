#include "relay/core/json_string.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outrider {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

TEST(JsonString, EscapesWhatJacksonEscapesAndNothingElse) {
  EXPECT_EQ(json_string("{\"a\": 1}"), R"("{\"a\": 1}")");
  EXPECT_EQ(json_string("\\ / \b\t\n\f\r"), R"("\\ / \b\t\n\f\r")");
  EXPECT_EQ(json_string("\x01\x1f\x7f"), "\"\\u0001\\u001F\x7f\"");
  EXPECT_EQ(json_string("grün €"), "\"grün €\"");
  EXPECT_EQ(json_string("😀"), R"("\uD83D\uDE00")");
  EXPECT_EQ(json_string(""), "\"\"");
}

TEST(JsonString, IsReadAsTheSameText) {
  std::string text = "ü€😀𐀀";
  for (char c = 1; c > 0 && c < 127; ++c) text += c;
  EXPECT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text);
}

}  // namespace
}  // namespace outrider
