#include "connectors/postgres/pgoutput.h"
#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace outrider::postgres {
namespace {

using namespace outrider::testing;
using ::testing::HasSubstr;

// Copies to an allocation of exactly that size, so that a sanitizer sees the first byte beyond it.
Result<PgoutputMessage> decode_exactly(std::string_view bytes, PgoutputScratch& scratch) {
  const auto exact = std::make_unique<char[]>(bytes.size());
  bytes.copy(exact.get(), bytes.size());
  return decode_pgoutput({exact.get(), bytes.size()}, scratch);
}

std::string error_of(std::string_view bytes) {
  PgoutputScratch scratch;
  const auto message = decode_exactly(bytes, scratch);
  if (message) return "no error";
  EXPECT_EQ(message.error().kind, ErrorKind::Refused);
  return message.error().what;
}

std::vector<std::string> one_of_each() {
  const WallTime time(std::chrono::seconds(1'700'000'000));
  return {
      begin_message(Lsn{1}, time, 2),
      commit_message(Lsn{1}, Lsn{2}, time),
      PgoutputWriter('O').lsn(Lsn{9}).text("elsewhere").bytes(),
      relation_message(7, "public", "outbox", {{"id", 2950, true}, {"payload", 25, false}}),
      PgoutputWriter('Y').number(std::uint32_t{1}).text("public").text("mood").bytes(),
      insert_message(7, {{'t', "order"}, {'n'}, {'b', "12345678"}}),
      update_message(7, 'O', {{'t', "old"}}, {{'u'}, {'t', "new"}}),
      delete_message(7, 'K', {{'t', "key"}}),
      truncate_message(1, {7, 8, 9}),
      logical_message(true, Lsn{3}, "outbox", "content"),
  };
}

TEST(PgoutputMalformed, EveryMessageCutAtAnyByteIsAnError) {
  PgoutputScratch scratch;
  for (const std::string& whole : one_of_each()) {
    ASSERT_TRUE(decode_exactly(whole, scratch)) << whole[0];
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode_exactly(whole.substr(0, size), scratch)) << whole[0] << " at " << size;
    }
  }
}

TEST(PgoutputMalformed, BytesAfterAMessageAreAnError) {
  for (const std::string& whole : one_of_each()) {
    EXPECT_THAT(error_of(whole + '\0'),
                HasSubstr("bytes too many at byte " + std::to_string(whole.size())));
  }
}

TEST(PgoutputMalformed, AnyByteMayBeWrongWithoutACrash) {
  PgoutputScratch scratch;
  std::minstd_rand random(42);
  for (const std::string& whole : one_of_each()) {
    for (int round = 0; round < 2000; ++round) {
      std::string damaged = whole;
      for (int i = 0; i < 3; ++i) {
        damaged[random() % damaged.size()] = static_cast<char>(random() & 0xFFU);
      }
      const auto message = decode_exactly(damaged, scratch);
      EXPECT_TRUE(message || message.error().what.starts_with("pgoutput: "));
    }
  }
}

TEST(PgoutputMalformed, ErrorsNameTheByteAndTheMessage) {
  const std::string insert = insert_message(7, {{'t', "order"}});
  EXPECT_EQ(error_of(insert.substr(0, 4)), "pgoutput: unexpected end at byte 1 of message 'I'");
  EXPECT_EQ(error_of(""), "pgoutput: the message is empty");
  EXPECT_EQ(error_of("\x07"), "pgoutput: unknown message at byte 0 of message 0x07");
}

TEST(PgoutputMalformed, LengthsThatAreNegativeOrTooLargeAreErrorsThatAllocateNothing) {
  for (const std::int32_t length : {-1, std::numeric_limits<std::int32_t>::min(), 6,
                                    std::numeric_limits<std::int32_t>::max()}) {
    PgoutputWriter insert('I');
    insert.number(std::uint32_t{7}).character('N').number(std::int16_t{1});
    insert.character('t').number(length).raw("12345");
    EXPECT_THAT(error_of(insert.bytes()),
                HasSubstr(length < 0 ? "negative length at byte 9" : "unexpected end at byte 13"));
  }
  PgoutputScratch scratch;
  for (const std::int32_t count : {-1, 2, std::numeric_limits<std::int32_t>::max()}) {
    PgoutputWriter truncate('T');
    truncate.number(count).number(std::uint8_t{0}).number(std::uint32_t{7});
    EXPECT_FALSE(decode_exactly(truncate.bytes(), scratch));
  }
  EXPECT_LE(scratch.relations.capacity(), 4U);
}

TEST(PgoutputMalformed, MoreColumnsThanARowCanHaveAreAnError) {
  for (const std::int16_t count : {std::int16_t{1665}, std::int16_t{-1}}) {
    PgoutputWriter insert('I');
    insert.number(std::uint32_t{7}).character('N').number(count);
    insert.raw(std::string(70'000, 'n'));
    EXPECT_THAT(error_of(insert.bytes()), HasSubstr("more columns than a row can have"));
  }
}

TEST(PgoutputMalformed, UnknownTagsInsideAMessageAreErrors) {
  EXPECT_THAT(error_of(insert_message(7, {{'x'}})), HasSubstr("unknown column format at byte 8"));
  EXPECT_THAT(error_of(update_message(7, 'X', {}, {})), HasSubstr("neither an old nor a new row"));
  EXPECT_THAT(error_of(delete_message(7, 'N', {})), HasSubstr("no old row"));
  PgoutputWriter insert('I');
  insert.number(std::uint32_t{7}).character('K').number(std::int16_t{0});
  EXPECT_THAT(error_of(insert.bytes()), HasSubstr("no new row"));
}

TEST(PgoutputMalformed, MessagesOfLaterProtocolVersionsAreErrors) {
  for (const char tag : std::string_view("SEc")) {
    EXPECT_THAT(error_of({&tag, 1}), HasSubstr("a streamed transaction"));
  }
  for (const char tag : std::string_view("bPpKr")) {
    EXPECT_THAT(error_of({&tag, 1}), HasSubstr("a prepared transaction"));
  }
}

}  // namespace
}  // namespace outrider::postgres
