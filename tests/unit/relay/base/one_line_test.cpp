#include "relay/base/one_line.h"

#include <gtest/gtest.h>

#include <string_view>

namespace outrider {
namespace {

using std::string_view_literals::operator""sv;

TEST(OneLine, NoForeignTextBreaksALineOrSteersATerminal) {
  EXPECT_EQ(in_one_line("a\nb\0c\x1B[31m\x7F"sv), "a?b?c?[31m?");
}

TEST(OneLine, LettersOfAnyLanguageStay) { EXPECT_EQ(in_one_line("Größe 大きさ"), "Größe 大きさ"); }

}  // namespace
}  // namespace outrider
