#include "connectors/postgres/walstream.h"

#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

namespace outrider::postgres {
namespace {

using namespace outrider::testing;

const WallTime kNoon = WallTime(std::chrono::microseconds(1'700'000'000'123'456));

TEST(WalStream, ReadsAPieceOfTheLog) {
  const std::string bytes = xlog_data(Lsn{0x10}, Lsn{0x20}, kNoon, "payload");
  const auto data = decode_copy_data(bytes);
  ASSERT_TRUE(data && std::holds_alternative<XLogData>(*data));
  const auto& piece = std::get<XLogData>(*data);
  EXPECT_EQ(piece.start, Lsn{0x10});
  EXPECT_EQ(piece.wal_end, Lsn{0x20});
  EXPECT_EQ(piece.sent, kNoon);
  EXPECT_EQ(piece.payload, "payload");
}

TEST(WalStream, ReadsAKeepalive) {
  for (const bool reply_requested : {false, true}) {
    const auto data = decode_copy_data(keepalive(Lsn{0x20}, kNoon, reply_requested));
    ASSERT_TRUE(data && std::holds_alternative<Keepalive>(*data));
    EXPECT_EQ(std::get<Keepalive>(*data).wal_end, Lsn{0x20});
    EXPECT_EQ(std::get<Keepalive>(*data).sent, kNoon);
    EXPECT_EQ(std::get<Keepalive>(*data).reply_requested, reply_requested);
  }
}

TEST(WalStream, RefusesEnvelopesThatAreCutOrTooLong) {
  const std::string whole = keepalive(Lsn{0x20}, kNoon, true);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_copy_data(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_copy_data(whole + '\0'));
  const std::string data = xlog_data(Lsn{0x10}, Lsn{0x20}, kNoon, "");
  for (std::size_t size = 0; size < data.size(); ++size) {
    EXPECT_FALSE(decode_copy_data(data.substr(0, size))) << size;
  }
  EXPECT_TRUE(decode_copy_data(data));
}

TEST(WalStream, RefusesUnknownEnvelopes) {
  const auto data = decode_copy_data("x");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().kind, ErrorKind::Refused);
  EXPECT_EQ(data.error().what, "replication stream: unknown message 0x78");
}

TEST(WalStream, WritesAStatusUpdateAsTheServerReadsIt) {
  const auto bytes = encode(
      {.write = Lsn{3}, .flush = Lsn{2}, .apply = Lsn{1}, .sent = kNoon, .reply_requested = true});
  const std::string expected = PgoutputWriter('r')
                                   .lsn(Lsn{3})
                                   .lsn(Lsn{2})
                                   .lsn(Lsn{1})
                                   .time(kNoon)
                                   .number(std::uint8_t{1})
                                   .bytes();
  EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), expected);
  EXPECT_EQ(expected.size(), kStatusUpdateBytes);
}

TEST(WalStream, CountsTimeFromTheYear2000) {
  using std::chrono::year;
  const WallTime epoch = std::chrono::sys_days(year(2000) / 1 / 1);
  EXPECT_EQ(wall_time(0), epoch);
  EXPECT_EQ(since_2000(epoch), 0);
  EXPECT_EQ(wall_time(std::numeric_limits<std::int64_t>::max()), std::nullopt);
  EXPECT_EQ(wall_time(std::numeric_limits<std::int64_t>::min()), std::nullopt);
  EXPECT_EQ(since_2000(WallTime::min()), std::numeric_limits<std::int64_t>::min());
}

}  // namespace
}  // namespace outrider::postgres
