// The checkpoint record: what is written can be read; anything else is refused.
#include "connectors/kafka/checkpoint_record.h"

#include "tests/unit/connectors/kafka/sink_driver.h"

#include <gtest/gtest.h>

#include <string>

namespace outrider::kafka::testing {
namespace {

TEST(CheckpointRecord, ReadsWhatItWrote) {
  const PlaceFormat format;
  for (const Delivery delivery : {Delivery::ExactlyOnce, Delivery::AtLeastOnce}) {
    for (const bool clean : {true, false}) {
      const std::string text = write_checkpoint(
          {.position = position_at(42), .written_by = delivery, .clean = clean, .generation = 7},
          format);
      const Result<Checkpoint> read = read_checkpoint(text, format);
      ASSERT_TRUE(read) << text;
      EXPECT_EQ(read->position, position_at(42));
      EXPECT_EQ(read->written_by, delivery);
      EXPECT_EQ(read->clean, clean);
      EXPECT_EQ(read->generation, 7U);
    }
  }
}

TEST(CheckpointRecord, IsShortJsonThatOtherToolsCanRead) {
  const PlaceFormat format;
  const std::string text = write_checkpoint(
      {.position = position_at(42), .written_by = Delivery::ExactlyOnce, .clean = true}, format);
  EXPECT_TRUE(
      text.starts_with("{\"format\":1,\"delivery\":\"exactly_once\",\"clean\":true,\"generation\":"
                       "0,\"version\":\""));
  EXPECT_TRUE(text.ends_with("\",\"position\":{\"at\":42}}")) << text;
}

TEST(CheckpointRecord, RefusesWhatItDoesNotKnow) {
  const PlaceFormat format;
  for (
      const char* text : {
          "",
          "null",
          "[]",
          "{\"format\":1",
          "{}",
          R"({"format":2,"delivery":"exactly_once","clean":true,"position":{"at":1}})",
          R"({"format":"1","delivery":"exactly_once","clean":true,"position":{"at":1}})",
          R"({"format":1,"delivery":"at_most_once","clean":true,"position":{"at":1}})",
          R"({"format":1,"delivery":1,"clean":true,"position":{"at":1}})",
          R"({"format":1,"clean":true,"position":{"at":1}})",
          R"({"format":1,"delivery":"exactly_once","clean":1,"position":{"at":1}})",
          R"({"format":1,"delivery":"exactly_once","position":{"at":1}})",
          R"({"format":1,"delivery":"exactly_once","clean":true,"position":"1"})",
          R"({"format":1,"delivery":"exactly_once","clean":true})",
          R"({"format":1,"delivery":"exactly_once","clean":true,"generation":-1,"position":{"at":1}})",
          R"({"format":1,"delivery":"exactly_once","clean":true,"position":{"lsn":1}})",
          "{\"format\":1,\"delivery\":\"exactly_once\",\"clean\":true,\"position\":{\"\xFF\":1}}",
      }) {
    const Result<Checkpoint> read = read_checkpoint(text, format);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::Refused) << text;
  }
}

TEST(CheckpointRecord, RefusesAPositionNestedDeeperThanAStack) {
  constexpr std::size_t kDepth = 300'000;
  const std::string text =
      R"({"format":1,"delivery":"exactly_once","clean":true,"position":{"at":)" +
      std::string(kDepth, '[') + std::string(kDepth, ']') + "}}";
  const Result<Checkpoint> read = read_checkpoint(text, PlaceFormat());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::Refused);
}

}  // namespace
}  // namespace outrider::kafka::testing
