#include "relay/base/assert.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(AssertDeathTest, ABrokenInvariantEndsTheProcessAndSaysWhere) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const int one = 1;
  EXPECT_DEATH(OUTRIDER_ASSERT(one == 2, "one is two"),
               "outrider: bug: one is two \\(one == 2\\) at .*assert_test.cpp");
}

TEST(Assert, AHoldingInvariantCostsNothing) {
  int evaluated = 0;
  OUTRIDER_ASSERT(++evaluated == 1, "evaluated once");
  EXPECT_EQ(evaluated, 1);
}

}  // namespace
}  // namespace outrider
