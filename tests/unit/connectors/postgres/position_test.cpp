#include "connectors/postgres/position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace outrider::postgres {
namespace {

using ::testing::HasSubstr;

PostgresPosition full_position() {
  PostgresPosition position;
  position.system_id = 18'446'744'073'709'551'615U;
  position.timeline = 3;
  position.database = *Identifier::from("order_db");
  position.slot = *Identifier::from(std::string(63, 's'));
  position.end_lsn = Lsn{0x16B3748};
  position.partial = {.final_lsn = Lsn{0x1'00000000}, .xid = 4'294'967'295U, .events_done = 12};
  position.last = {.end_lsn = Lsn{0x16B3748}, .xid = 740, .commit_time_us = -5};
  position.publication_digest = 17;
  return position;
}

TEST(PostgresPosition, SurvivesPacking) {
  const PostgresPosition position = full_position();
  EXPECT_EQ(*PostgresPosition::unpack(position.pack()), position);
  EXPECT_EQ(*PostgresPosition::unpack(PostgresPosition{}.pack()), PostgresPosition{});
  EXPECT_EQ(position.pack(), full_position().pack());
}

TEST(PostgresPosition, RefusesAPositionOfAnotherSource) {
  EXPECT_FALSE(PostgresPosition::unpack(Position()));
  const std::vector<std::byte> bytes(100);
  EXPECT_FALSE(PostgresPosition::unpack(Position(bytes)));
}

TEST(PostgresPosition, NamesHaveAtMostTheBytesThatPostgresAllows) {
  EXPECT_TRUE(Identifier::from(std::string(63, 'x')));
  EXPECT_FALSE(Identifier::from(std::string(64, 'x')));
  EXPECT_FALSE(Identifier::from(std::string_view("a\0b", 3)));
  EXPECT_EQ(Identifier::from(std::string(63, 'x'))->view(), std::string(63, 'x'));
  EXPECT_EQ(Identifier().view(), "");
}

TEST(PostgresPositionFormat, WritesShortJsonThatOtherReadersDoNotRound) {
  PostgresPosition position = full_position();
  position.slot = *Identifier::from("outrider");
  EXPECT_EQ(PostgresPositionFormat().to_json(position.pack()),
            R"({"format":1,"system_id":"18446744073709551615","timeline":3,)"
            R"("database":"order_db","slot":"outrider","end_lsn":"0/16B3748",)"
            R"("partial":{"final_lsn":"1/0","xid":4294967295,"events_done":12},)"
            R"("last":{"end_lsn":"0/16B3748","xid":740,"commit_time_us":-5},)"
            R"("publication_digest":"17"})");
}

TEST(PostgresPositionFormat, ReadsWhatItWrote) {
  const PostgresPositionFormat format;
  PostgresPosition plain = full_position();
  plain.partial = {};
  plain.last = {};
  for (const PostgresPosition& position : {full_position(), plain, PostgresPosition{}}) {
    const auto read = format.from_json(format.to_json(position.pack()));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*PostgresPosition::unpack(*read), position);
  }
}

TEST(PostgresPositionFormat, KeepsNamesBeyondAsciiAndDoesNotThrowOnOthers) {
  const PostgresPositionFormat format;
  PostgresPosition position;
  position.database = *Identifier::from("büro");
  const std::string json = format.to_json(position.pack());
  EXPECT_THAT(json, HasSubstr(R"("b\u00fcro")"));
  EXPECT_EQ(PostgresPosition::unpack(*format.from_json(json))->database.view(), "büro");
  position.database = *Identifier::from("\xFF");
  EXPECT_TRUE(format.from_json(format.to_json(position.pack())));
}

std::string error_of(std::string_view json) {
  const auto position = PostgresPositionFormat().from_json(json);
  if (position) return "no error";
  EXPECT_EQ(position.error().kind, ErrorKind::Refused);
  return position.error().what;
}

TEST(PostgresPositionFormat, RefusesAFormatThatItDoesNotKnow) {
  EXPECT_EQ(error_of(R"({"format":2})"), "read a stored Postgres position: format 2 is not known");
  EXPECT_THAT(error_of("{}"), HasSubstr("\"format\" must be a whole number"));
}

TEST(PostgresPositionFormat, NamesTheFieldThatIsWrong) {
  const std::string good = PostgresPositionFormat().to_json(full_position().pack());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    return error_of(json);
  };
  EXPECT_THAT(with(R"("timeline":3)", R"("timeline":-3)"), HasSubstr("\"timeline\" must be"));
  EXPECT_THAT(with(R"("timeline":3)", R"("timeline":4294967296)"), HasSubstr("\"timeline\""));
  EXPECT_THAT(with(R"("timeline":3)", R"("timeline":"3")"), HasSubstr("\"timeline\""));
  EXPECT_THAT(with(R"("timeline":3,)", ""), HasSubstr("\"timeline\""));
  EXPECT_THAT(with("18446744073709551615", "18446744073709551616"), HasSubstr("\"system_id\""));
  EXPECT_THAT(with("1/0", "1-0"), HasSubstr("\"partial.final_lsn\" must be a log position"));
  EXPECT_THAT(with(R"("xid":740)", R"("xid":7.5)"), HasSubstr("\"last.xid\""));
  EXPECT_THAT(with("order_db", std::string(64, 'x')), HasSubstr("\"database\""));
  EXPECT_THAT(with("order_db", R"(a\u0000b)"), HasSubstr("\"database\""));
  EXPECT_THAT(with(R"("last":{)", R"("last":1,"other":{)"),
              HasSubstr("\"last\" must be an object"));
}

TEST(PostgresPositionFormat, APositionIsFurtherByItsTransactionsAndThenByTheEventsOfTheNext) {
  const auto at = [](std::uint64_t end_lsn, std::uint64_t final_lsn, std::uint64_t events_done) {
    PostgresPosition position;
    position.end_lsn = Lsn{end_lsn};
    position.partial = {.final_lsn = Lsn{final_lsn}, .xid = 0, .events_done = events_done};
    return position.pack();
  };
  const PostgresPositionFormat format;
  EXPECT_TRUE(format.is_further(at(2, 0, 0), at(1, 9, 9)));
  EXPECT_TRUE(format.is_further(at(2, 7, 3), at(2, 7, 2)));
  EXPECT_TRUE(format.is_further(at(2, 7, 1), at(2, 0, 0)));
  EXPECT_FALSE(format.is_further(at(2, 7, 3), at(2, 7, 3)));
  EXPECT_FALSE(format.is_further(at(1, 9, 9), at(2, 0, 0)));
}

TEST(PostgresPositionFormat, RefusesGarbageWithoutThrowing) {
  for (const std::string& json :
       {std::string(), std::string("null"), std::string("[]"), std::string("{"),
        std::string("\xFF\xFE"), std::string(9999, '['), std::string(1, '\0')}) {
    EXPECT_EQ(error_of(json), "read a stored Postgres position: it is not a JSON object");
  }
  const std::string good = PostgresPositionFormat().to_json(full_position().pack());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(error_of(good.substr(0, size)), "no error");
  }
}

}  // namespace
}  // namespace outrider::postgres
