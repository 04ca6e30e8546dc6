#include "relay/base/error.h"

#include <gtest/gtest.h>

#include <memory>

namespace outrider {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return failure(ErrorKind::Refused, "odd", "take an even number");
  return number / 2;
}

Result<int> quarter(int number) {
  OUTRIDER_TRY(const int once, half(number));
  OUTRIDER_TRY(const int twice, half(once));
  return twice;
}

Result<void> check(int number) {
  OUTRIDER_TRY(half(number));
  return {};
}

Result<int> unwrap(Result<std::unique_ptr<int>> result) {
  OUTRIDER_TRY(const std::unique_ptr<int> owned, std::move(result));
  return *owned;
}

TEST(Error, TryPassesTheValueOnOrReturnsTheError) {
  EXPECT_EQ(quarter(12), 3);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "odd");
  EXPECT_EQ(failed.error().hint, "take an even number");
  EXPECT_TRUE(check(2));
  EXPECT_FALSE(check(3));
  EXPECT_EQ(unwrap(std::make_unique<int>(5)), 5);
}

TEST(Error, WithinPutsTheActBeforeTheProblem) {
  EXPECT_EQ((Error{ErrorKind::Denied, "permission denied"}.within("create slot \"s\"").what),
            "create slot \"s\": permission denied");
}

TEST(Error, EveryKindHasAName) {
  EXPECT_EQ(to_string(ErrorKind::Unavailable), "unavailable");
  EXPECT_EQ(to_string(ErrorKind::BadEvent), "bad_event");
  EXPECT_EQ(to_string(ErrorKind::Internal), "internal");
}

}  // namespace
}  // namespace outrider
