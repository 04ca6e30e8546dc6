// deploy/TROUBLESHOOTING.md and its tests, each against the other.
#include "tests/integration/troubleshooting_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace outrider::testing {
namespace {

/// Suite of the tests that are of no row.
const std::string kPage = "Page";

std::set<std::string> tests_of_rows() {
  std::set<std::string> names;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    if (suite.name() == kPage) continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
    }
  }
  return names;
}

TEST(Page, EveryRowHasATestAndEveryTestARow) {
  std::set<std::string> rows;
  for (const PageRow& row : page_rows()) {
    EXPECT_TRUE(rows.insert(row.test()).second) << "twice: " << row.test();
  }
  EXPECT_EQ(rows, tests_of_rows());
  EXPECT_GE(rows.size(), 100U);
}

TEST(Page, EveryRowSaysMoreThanAnyText) {
  for (const PageRow& row : page_rows()) {
    EXPECT_FALSE(is_written_as("an answer of another kind", row.message)) << row.wrong;
    EXPECT_FALSE(is_written_as("", row.message)) << row.wrong;
    std::string words = row.message;
    for (std::size_t at = 0; (at = words.find("…")) != std::string::npos;) words.replace(at, 3, "");
    EXPECT_GE(words.size(), 8U) << row.wrong;
  }
}

TEST(Page, IsReadWithThreeDotsForAnyText) {
  EXPECT_TRUE(is_written_as("slot \"a\" is lost", "slot \"…\" is lost"));
  EXPECT_TRUE(is_written_as("a, b and c", "… and c"));
  EXPECT_TRUE(is_written_as("a, b and c", "a, …"));
  EXPECT_FALSE(is_written_as("slot \"a\" is lost again", "slot \"…\" is lost"));
  EXPECT_FALSE(is_written_as("the slot \"a\" is lost", "slot \"…\" is lost"));
  EXPECT_FALSE(is_written_as("is lost: slot \"a\"", "…slot \"…\" is lost"));
  EXPECT_FALSE(is_written_as("ab", "ab…b"));
  EXPECT_FALSE(is_written_as("something", ""));
}

}  // namespace
}  // namespace outrider::testing
