#include "relay/base/utf8.h"

#include <gtest/gtest.h>

#include <string_view>

namespace outrider {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, TakesEveryLengthAtItsBounds) {
  for (const std::string_view text :
       {""sv, "a"sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv,
        "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv,
        "\xf4\x8f\xbf\xbf"sv, "Grüße, 世界, 🎉"sv}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesWhatIsOverlongASurrogateTooHighOrCutOff) {
  for (const std::string_view text :
       {"\x80"sv, "\xbf"sv, "\xc0\xaf"sv, "\xc1\xbf"sv, "\xc2"sv, "\xc2\x41"sv, "\xe0\x9f\xbf"sv,
        "\xe2\x82"sv, "\xed\xa0\x80"sv, "\xf0\x8f\xbf\xbf"sv, "\xf0\x90\x80"sv,
        "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv, "fine until \xfe"sv}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, TellsTheLengthOfTheFirstSequence) {
  EXPECT_EQ(utf8_length("abc"), 1U);
  EXPECT_EQ(utf8_length("ü!"), 2U);
  EXPECT_EQ(utf8_length("世界"), 3U);
  EXPECT_EQ(utf8_length("🎉🎉"), 4U);
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("\xff"), 0U);
}

}  // namespace
}  // namespace outrider
