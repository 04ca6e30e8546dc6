#include "config/scalars.h"

#include <gtest/gtest.h>

namespace outrider::config {
namespace {

using std::chrono::milliseconds;

TEST(Scalars, ReadDurationsWithTheirUnits) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("10s"), milliseconds(10'000));
  EXPECT_EQ(parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
}

TEST(Scalars, RefuseDurationsWithoutAUnitThatIsKnown) {
  for (const char* text :
       {"", "10", "10 s", "s", "-1s", "1.5s", "10S", "1d", "99999999999999999h"}) {
    EXPECT_EQ(
        parse_duration(text),
        Scalar<milliseconds>(std::unexpected("expected a duration such as 500ms, 10s, 5m or 1h")))
        << text;
  }
  EXPECT_EQ(parse_duration("87601h").error(), "expected a duration of at most 87600h");
}

TEST(Scalars, ReadSizesInPowersOfTwo) {
  EXPECT_EQ(parse_size("12B"), 12);
  EXPECT_EQ(parse_size("10KiB"), 10 * 1024);
  EXPECT_EQ(parse_size("64MiB"), 64 * 1024 * 1024);
  EXPECT_EQ(parse_size("2GiB"), 2LL * 1024 * 1024 * 1024);
}

TEST(Scalars, RefuseSizesWithoutAUnitThatIsKnown) {
  for (const char* text : {"", "64", "64k", "64MB", "1.5MiB", "-1B", "9999999999999GiB"}) {
    EXPECT_EQ(parse_size(text).error(), "expected a size such as 512KiB, 64MiB or 1GiB") << text;
  }
}

TEST(Scalars, KnowNoOtherTruthThanTrueAndFalse) {
  EXPECT_EQ(parse_bool("true"), true);
  EXPECT_EQ(parse_bool("false"), false);
  for (const char* text : {"yes", "no", "on", "True", "1", ""}) {
    EXPECT_EQ(parse_bool(text).error(), "expected true or false") << text;
  }
}

TEST(Scalars, ReadNumbersToTheirLastCharacter) {
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_number("1.5"), 1.5);
  for (const char* text : {"", "1x", "0x10", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(parse_integer(text).error(), "expected a whole number") << text;
  }
  for (const char* text : {"", "x", "inf", "nan"}) {
    EXPECT_EQ(parse_number(text).error(), "expected a number") << text;
  }
}

TEST(Scalars, PrintWhatTheyWouldReadAgain) {
  EXPECT_EQ(print_duration(milliseconds(20'000)), "20s");
  EXPECT_EQ(print_duration(milliseconds(1'500)), "1500ms");
  EXPECT_EQ(print_duration(milliseconds(0)), "0ms");
  EXPECT_EQ(print_size(8 * 1024 * 1024), "8MiB");
  EXPECT_EQ(print_size(1000), "1000B");
}

}  // namespace
}  // namespace outrider::config
