#include "connectors/postgres/values.h"

#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <string_view>

namespace outrider::postgres {
namespace {

using outrider::testing::PgoutputWriter;
using Kind = Value::Kind;

class Values : public ::testing::Test {
 protected:
  Value binary(std::string_view bytes, std::uint32_t type_oid) {
    return reader_.read({Column::Format::Binary, bytes}, type_oid);
  }
  Value text(std::string_view bytes, std::uint32_t type_oid) {
    return reader_.read({Column::Format::Text, bytes}, type_oid);
  }
  static void expect(const Value& value, Kind kind, std::string_view data) {
    EXPECT_EQ(static_cast<int>(value.kind), static_cast<int>(kind));
    EXPECT_EQ(value.data, data);
  }

  ValueReader reader_;
};

WallTime at(std::int64_t microseconds) { return WallTime(std::chrono::microseconds(microseconds)); }

TEST_F(Values, NullAndUnchangedHaveNoText) {
  expect(reader_.read({Column::Format::Null, {}}, 25), Kind::Null, "");
  expect(reader_.read({Column::Format::Unchanged, {}}, 25), Kind::Unreadable, "");
}

TEST_F(Values, TextTypesAreTheSameInBothForms) {
  for (const std::uint32_t oid : {25U, 1043U, 1042U, 114U, 19U}) {
    expect(binary("Grüße", oid), Kind::Text, "Grüße");
    expect(text("Grüße", oid), Kind::Text, "Grüße");
    EXPECT_TRUE(readable_in_binary(oid));
  }
}

TEST_F(Values, TextOfAnyBytesIsLookedAt) {
  ValueReader reader(text_bytes("SQL_ASCII"));
  expect(reader.read({Column::Format::Binary, "Grüße"}, 25), Kind::Text, "Grüße");
  expect(reader.read({Column::Format::Binary,
                      "Gr\xfc\xdf"
                      "e"},
                     25),
         Kind::Undecodable,
         "Gr\xfc\xdf"
         "e");
  expect(reader.read({Column::Format::Text, "\xff"}, 25), Kind::Undecodable, "\xff");
  expect(reader.read({Column::Format::Binary, "\xff"}, 17), Kind::Bytes, "\xff");
  EXPECT_EQ(static_cast<int>(text_bytes("UTF8")), static_cast<int>(TextBytes::Utf8));
}

TEST_F(Values, JsonbLosesItsVersionNumber) {
  expect(binary("\x01{\"a\": 1}", 3802), Kind::Text, "{\"a\": 1}");
  expect(text("{\"a\": 1}", 3802), Kind::Text, "{\"a\": 1}");
  expect(binary("\x02{}", 3802), Kind::Unreadable, "\x02{}");
  expect(binary("", 3802), Kind::Unreadable, "");
}

TEST_F(Values, UuidsBecomeCanonicalText) {
  const std::string bytes = PgoutputWriter()
                                .number(std::uint64_t{0x0123456789ABCDEF})
                                .number(std::uint64_t{0xFEDCBA9876543210})
                                .bytes();
  expect(binary(bytes, 2950), Kind::Text, "01234567-89ab-cdef-fedc-ba9876543210");
  expect(binary(bytes.substr(1), 2950), Kind::Unreadable, bytes.substr(1));
}

TEST_F(Values, NumbersBecomeDecimalText) {
  using Int16 = std::numeric_limits<std::int16_t>;
  using Int64 = std::numeric_limits<std::int64_t>;
  const auto bytes = [](auto number) { return PgoutputWriter().number(number).bytes(); };
  expect(binary(bytes(Int16::min()), 21), Kind::Text, "-32768");
  expect(binary(bytes(std::int32_t{-1}), 23), Kind::Text, "-1");
  expect(binary(bytes(Int64::min()), 20), Kind::Text, "-9223372036854775808");
  expect(binary(bytes(Int64::max()), 20), Kind::Text, "9223372036854775807");
  expect(binary(bytes(std::uint32_t{4'294'967'295}), 26), Kind::Text, "4294967295");
  EXPECT_EQ(static_cast<int>(binary("123", 23).kind), static_cast<int>(Kind::Unreadable));
  EXPECT_EQ(static_cast<int>(binary("12345", 23).kind), static_cast<int>(Kind::Unreadable));
  expect(text("-5", 20), Kind::Text, "-5");
}

TEST_F(Values, TruthIsWrittenOutInBothForms) {
  expect(binary("\x01", 16), Kind::Text, "true");
  expect(binary(std::string_view("\0", 1), 16), Kind::Text, "false");
  expect(text("t", 16), Kind::Text, "true");
  expect(text("f", 16), Kind::Text, "false");
  expect(binary("", 16), Kind::Unreadable, "");
}

TEST_F(Values, ByteaIsBytesInBothForms) {
  const std::string_view bytes("\0\xDE\xAD", 3);
  expect(binary(bytes, 17), Kind::Bytes, bytes);
  expect(text("\\x00deAD", 17), Kind::Bytes, bytes);
  expect(text("\\x", 17), Kind::Bytes, "");
  for (const char* wrong : {"\\x0", "\\xzz", "abc", ""}) {
    expect(text(wrong, 17), Kind::Unreadable, wrong);
  }
}

TEST_F(Values, TimestampsAreReadFromTheirBinaryForm) {
  const auto bytes = [](std::int64_t number) { return PgoutputWriter().number(number).bytes(); };
  for (const std::uint32_t oid : {1114U, 1184U}) {
    const Value value = binary(bytes(1), oid);
    EXPECT_EQ(static_cast<int>(value.kind), static_cast<int>(Kind::Timestamp));
    EXPECT_EQ(value.timestamp, at(946'684'800'000'001));
    for (const std::int64_t infinity :
         {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
          std::int64_t{-63'082'281'600'000'001}}) {  // One microsecond before Christ.
      EXPECT_EQ(static_cast<int>(binary(bytes(infinity), oid).kind),
                static_cast<int>(Kind::Unreadable));
    }
    EXPECT_EQ(static_cast<int>(binary("1234567", oid).kind), static_cast<int>(Kind::Unreadable));
  }
}

TEST_F(Values, ATimestamptzIsWrittenInUtcAsJavaPrintsIt) {
  const auto written = [&](std::string_view sent) { return std::string(text(sent, 1184).data); };
  EXPECT_EQ(written("2024-01-31 12:34:56.789+05:30"), "2024-01-31T07:04:56.789Z");
  EXPECT_EQ(written("2024-02-29 00:00:00.000001+00"), "2024-02-29T00:00:00.000001Z");
  EXPECT_EQ(written("1969-12-31 23:59:59.999990+00"), "1969-12-31T23:59:59.99999Z");
  EXPECT_EQ(written("2024-01-01 00:00:00+00"), "2024-01-01T00:00:00Z");
  EXPECT_EQ(written("0001-01-01 00:00:00+00"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(written("0001-01-01 00:00:00+01"), "0000-12-31T23:00:00Z");
  EXPECT_EQ(written("40000-12-31 00:00:00+00"), "+40000-12-31T00:00:00Z");
  EXPECT_EQ(written("290000-01-01 00:00:00+00"), "+290000-01-01T00:00:00Z");
}

TEST_F(Values, ATimestampIsWrittenAsItsMicrosecondsOrMillisecondsByItsPrecision) {
  const auto written = [&](std::string_view sent, std::int32_t modifier) {
    return std::string(reader_.read({Column::Format::Text, sent}, 1114, modifier).data);
  };
  EXPECT_EQ(written("2024-01-01 12:34:56.789", -1), "1704112496789000");
  EXPECT_EQ(written("2024-01-01 12:34:56.789", 6), "1704112496789000");
  EXPECT_EQ(written("2024-01-01 12:34:56.789", 4), "1704112496789000");
  EXPECT_EQ(written("2024-01-01 12:34:56.789", 3), "1704112496789");
  EXPECT_EQ(written("2024-01-01 12:34:56", 0), "1704112496000");
  EXPECT_EQ(written("1969-12-31 23:59:59.999", 3), "-1");
  EXPECT_EQ(binary(PgoutputWriter().number(std::int64_t{1}).bytes(), 1114).data, "946684800000001");
}

TEST_F(Values, KindsOfColumnsAreKnownBeforeTheirValues) {
  for (const auto& [oid, kind] : std::map<std::uint32_t, Kind>{{17, Kind::Bytes},
                                                               {20, Kind::Text},
                                                               {25, Kind::Text},
                                                               {1114, Kind::Timestamp},
                                                               {1184, Kind::Timestamp},
                                                               {1700, Kind::Text}}) {
    EXPECT_EQ(static_cast<int>(kind_of(oid)), static_cast<int>(kind)) << oid;
  }
}

TEST_F(Values, TimestampsAreReadFromTheirTextForm) {
  const auto time = [&](std::string_view written) {
    const Value value = text(written, 1184);
    EXPECT_EQ(static_cast<int>(value.kind), static_cast<int>(Kind::Timestamp)) << written;
    return value.timestamp.time_since_epoch().count();
  };
  EXPECT_EQ(time("1970-01-01 00:00:00+00"), 0);
  EXPECT_EQ(time("1970-01-01 00:00:00"), 0);
  EXPECT_EQ(time("2024-01-01 12:34:56.789+00"), 1'704'112'496'789'000);
  EXPECT_EQ(time("2024-02-29 00:00:00.000001+05:30"), 1'709'145'000'000'001);
  EXPECT_EQ(time("1969-12-31 23:59:59.999999-00:00:01"), 999'999);
  EXPECT_EQ(time("0001-01-01 00:00:00+00"), -62'135'596'800'000'000);
  EXPECT_EQ(time("40000-01-01 00:00:00+00"), 1'200'110'860'800'000'000);
}

TEST_F(Values, OtherTextsOfTimestampsAreUnreadable) {
  for (const char* wrong :
       {"", "infinity", "-infinity", "2024-01-01", "2024-02-30 00:00:00", "2024-13-01 00:00:00",
        "2024-01-01 24:00:00", "2024-01-01 00:60:00", "2024-01-01 00:00:00.", "0000-01-01 00:00:00",
        "2024-01-01 00:00:00.1234567", "2024-01-01 00:00:00+", "2024-01-01 00:00:00+00 ",
        "0044-03-15 00:00:00+00 BC", "999999-01-01 00:00:00", "2024-1-1 00:00:00",
        "2024-01-01T00:00:00Z"}) {
    expect(text(wrong, 1184), Kind::Unreadable, wrong);
  }
}

TEST_F(Values, OtherTypesAreReadableAsTextOnly) {
  constexpr std::uint32_t kNumeric = 1700;
  expect(text("1.50", kNumeric), Kind::Text, "1.50");
  expect(binary("\x01", kNumeric), Kind::Unreadable, "\x01");
  EXPECT_FALSE(readable_in_binary(kNumeric));
}

TEST_F(Values, LiveUntilTheNextRowHoweverMuchIsWrittenAnew) {
  const std::string large = "\\x" + std::string(200'000, 'a');
  for (int row = 0; row < 3; ++row) {
    reader_.begin_row();
    const Value first = text("\\x616263", 17);
    for (int i = 0; i < 500; ++i) binary("0123456789abcdef", 2950);
    const Value second = text(large, 17);
    const Value third = text(large, 17);
    EXPECT_EQ(first.data, "abc");
    EXPECT_EQ(second.data, std::string(100'000, '\xAA'));
    EXPECT_EQ(third.data, second.data);
  }
}

}  // namespace
}  // namespace outrider::postgres
