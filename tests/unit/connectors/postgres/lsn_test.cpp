#include "connectors/postgres/lsn.h"

#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

TEST(Lsn, IsWrittenAsPostgresWritesIt) {
  EXPECT_EQ(to_string(Lsn{}), "0/0");
  EXPECT_EQ(to_string(Lsn{0x16B3748}), "0/16B3748");
  EXPECT_EQ(to_string(Lsn{0xABCD'00000001}), "ABCD/1");
  EXPECT_EQ(to_string(Lsn{~std::uint64_t{0}}), "FFFFFFFF/FFFFFFFF");
}

TEST(Lsn, IsReadBackFromWhatPostgresWrites) {
  for (const Lsn lsn : {Lsn{}, Lsn{0x16B3748}, Lsn{0xABCD'00000001}, Lsn{~std::uint64_t{0}}}) {
    EXPECT_EQ(parse_lsn(to_string(lsn)), lsn);
  }
  EXPECT_EQ(parse_lsn("a/0000000b"), (Lsn{0xA'0000000B}));
}

TEST(Lsn, RefusesAnythingElse) {
  for (const char* text : {"", "/", "0", "0/", "/0", "0/0/0", "-1/0", "0/+1", "0x1/0", " 0/0",
                           "0/0 ", "0/123456789", "G/0"}) {
    const auto lsn = parse_lsn(text);
    ASSERT_FALSE(lsn) << text;
    EXPECT_EQ(lsn.error().kind, ErrorKind::Refused);
  }
}

TEST(Lsn, IsOrderedByItsPlaceInTheLog) { EXPECT_LT((Lsn{0xFFFFFFFF}), (Lsn{0x1'00000000})); }

}  // namespace
}  // namespace outrider::postgres
