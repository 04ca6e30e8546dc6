#include "config/spelling.h"

#include <gtest/gtest.h>

namespace outrider::config {
namespace {

const std::vector<std::string> kKnown = {"slot", "tables", "publication", "drain_timeout"};

TEST(Spelling, FindsTheWordThatWasMeant) {
  EXPECT_EQ(did_you_mean("tabels", kKnown), "tables");
  EXPECT_EQ(did_you_mean("Slot", kKnown), "slot");
  EXPECT_EQ(did_you_mean("drain-timeout", kKnown), "drain_timeout");
  EXPECT_EQ(did_you_mean("publicaton", kKnown), "publication");
}

TEST(Spelling, SuggestsNothingThatIsFarOff) {
  EXPECT_EQ(did_you_mean("password", kKnown), std::nullopt);
  EXPECT_EQ(did_you_mean("x", kKnown), std::nullopt);
  EXPECT_EQ(did_you_mean(std::string(10'000, 's'), kKnown), std::nullopt);
  EXPECT_EQ(did_you_mean("slot", {}), std::nullopt);
}

}  // namespace
}  // namespace outrider::config
