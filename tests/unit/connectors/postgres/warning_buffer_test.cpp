#include "connectors/postgres/warning_buffer.h"

#include "connectors/postgres/sqlstate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kFlood = 100'000;

TEST(WarningBuffer, GivesEachWarningOnceInItsOrder) {
  WarningBuffer buffer;
  buffer.add(sql_error("first", "01000"));
  buffer.add(sql_error("second", "55000"));
  EXPECT_THAT(buffer.take(), ElementsAre("first (SQLSTATE 01000)", "second (SQLSTATE 55000)"));
  EXPECT_THAT(buffer.take(), IsEmpty());
}

TEST(WarningBuffer, AFloodOfWarningsIsBoundedAndSaid) {
  WarningBuffer buffer;
  for (int i = 0; i < kFlood; ++i) buffer.add(sql_error("ordinary", "01000"));
  const std::vector<std::string> warnings = buffer.take();
  EXPECT_LT(warnings.size(), 100U);
  EXPECT_THAT(warnings.front(), HasSubstr("ordinary"));
  EXPECT_THAT(warnings.back(), HasSubstr("left out"));
  buffer.add(sql_error("after it", "01000"));
  EXPECT_THAT(buffer.take(), ElementsAre(HasSubstr("after it")));
}

TEST(WarningBuffer, AWarningOfSkippedRowsIsKeptThroughAFlood) {
  WarningBuffer buffer;
  for (int i = 0; i < kFlood; ++i) buffer.add(sql_error("ordinary", "01000"));
  buffer.add(sql_error("skipped loading publication", "55000"));
  EXPECT_THAT(buffer.take().back(), HasSubstr("skipped loading publication"));
  for (int i = 0; i < kFlood; ++i) buffer.add(sql_error("skipped loading publication", "55000"));
  EXPECT_LT(buffer.take().size(), 100U);
}

}  // namespace
}  // namespace outrider::postgres
