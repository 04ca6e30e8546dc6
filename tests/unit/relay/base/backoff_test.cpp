#include "relay/base/backoff.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, GrowsByDoublingWithJitterUpToItsMost) {
  Backoff backoff({.first = 100ms, .most = 5s}, 1);
  Duration whole = 100ms;
  for (int i = 0; i < 40; ++i) {
    const Duration wait = backoff.next();
    EXPECT_GE(wait, whole / 2);
    EXPECT_LE(wait, whole);
    whole = std::min<Duration>(whole * 2, 5s);
  }
  EXPECT_EQ(backoff.failures(), 40);
}

TEST(Backoff, StartsSmallAgainAfterProgress) {
  Backoff backoff({.first = 100ms, .most = 5s}, 1);
  for (int i = 0; i < 10; ++i) static_cast<void>(backoff.next());
  backoff.reset();
  EXPECT_EQ(backoff.failures(), 0);
  EXPECT_LE(backoff.next(), 100ms);
}

TEST(Backoff, TheSeedDecidesTheJitter) {
  Backoff one({}, 7);
  Backoff same({}, 7);
  Backoff other({}, 8);
  EXPECT_EQ(one.next(), same.next());
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace outrider
