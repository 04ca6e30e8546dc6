#include "relay/core/properties_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> read(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> entries;
  read_properties(text, entries);
  return entries;
}

TEST(PropertiesText, ReadsWhatStoreWrites) {
  EXPECT_THAT(
      read("#Mon Nov 23 14:00:00 UTC 2026\ntraceparent=00-ab-cd-01\ntracestate=a\\=1\\:2\n"),
      ElementsAre(Pair("traceparent", "00-ab-cd-01"), Pair("tracestate", "a=1:2")));
}

TEST(PropertiesText, KnowsSeparatorsCommentsAndLinesThatGoOn) {
  EXPECT_THAT(read("! c\r\n  a : 1\rb 2\n\nc\nd=one \\\n   two\\\\\n# e=3"),
              ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", ""), Pair("d", "one two\\")));
}

TEST(PropertiesText, ResolvesEscapes) {
  EXPECT_THAT(read("k\\ 1=\\u00fc\\t\\u20ac\\x"), ElementsAre(Pair("k 1", "ü\t€x")));
}

TEST(PropertiesText, WhatIsNoEscapeStandsForItself) {
  EXPECT_THAT(read("a=\\u12"), ElementsAre(Pair("a", "u12")));
  EXPECT_THAT(read("a=\\ud83d"), ElementsAre(Pair("a", "ud83d")));
  EXPECT_THAT(read("a=b\\"), ElementsAre(Pair("a", "b")));
  EXPECT_THAT(read(""), IsEmpty());
  EXPECT_THAT(read(" \n\\"), ElementsAre(Pair("", "")));
}

}  // namespace
}  // namespace outrider
