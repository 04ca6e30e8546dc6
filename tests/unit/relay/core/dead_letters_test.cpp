#include "relay/core/dead_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outrider {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;
using Extent = DeadLetters::Extent;

Value text(std::string_view data) {
  return {.kind = Value::Kind::Text, .data = data, .timestamp = {}};
}

/// The only row of a table as `outrider setup` makes it.
struct Row {
  const Record& map(Extent extent) {
    event.what = RowInserted{.table = &table, .values = values};
    return letters.map(std::get<RowInserted>(event.what), event, error, extent);
  }
  std::string name() const {
    return letters.name(RowInserted{.table = &table, .values = values}, event);
  }
  std::vector<std::pair<std::string, std::string>> headers(Extent extent) {
    std::vector<std::pair<std::string, std::string>> headers;
    for (const Header& header : map(extent).headers) {
      headers.emplace_back(header.name, header.value.value_or("none"));
    }
    return headers;
  }

  Table table{.schema = "public",
              .name = "outbox",
              .columns = {"id", "aggregatetype", "aggregateid", "type", "payload", "headers"}};
  std::vector<Value> values = {text("7"),       text("or der"), text("key"),
                               text("created"), text("{}"),     text("[1]")};
  Event event{.id = {.transaction = 0x1'0000'00AB, .ordinal = 3},
              .xid = 745,
              .committed_at = {},
              .what = {}};
  Error error{ErrorKind::BadEvent, "no legal topic", ""};
  DeadLetters letters{"dead", OutboxOptions{}};
};

TEST(DeadLetters, AWholeOneHoldsTheRowAndTheReason) {
  Row row;
  const Record& record = row.map(Extent::Whole);
  EXPECT_EQ(record.topic, "dead");
  EXPECT_EQ(record.key, "key");
  EXPECT_EQ(record.value, "{}");
  EXPECT_EQ(record.event, row.event.id);
  EXPECT_THAT(row.headers(Extent::Whole),
              ::testing::ElementsAre(
                  Pair("id", "7"), Pair("eventType", "created"),
                  Pair("outrider.reason", "no legal topic"), Pair("outrider.event", "1/AB:3"),
                  Pair("outrider.xid", "745"), Pair("outrider.table", "\"public\".\"outbox\""),
                  Pair("outrider.aggregatetype", "or der"), Pair("outrider.headers", "[1]")));
}

TEST(DeadLetters, ABriefOneLeavesOutWhatIsLongAndSaysSo) {
  Row row;
  const std::string longish(5000, 'x');
  row.values[1] = text(longish);
  row.values[2] = text(longish);
  row.values[4] = text(longish);
  const Record& record = row.map(Extent::Brief);
  EXPECT_EQ(record.key, std::nullopt);
  EXPECT_EQ(record.value, std::nullopt);
  EXPECT_LT(record.bytes(), 2500U);
  EXPECT_THAT(row.headers(Extent::Brief),
              Contains(Pair("outrider.omitted", "payload of 5000 bytes; the row has it")));
}

TEST(DeadLetters, WhatCannotBeReadIsLeftOut) {
  Row row;
  row.values[0] = Value{.kind = Value::Kind::Unreadable, .data = "?", .timestamp = {}};
  row.values[2] = Value{};
  row.values[4] = Value{};
  const Record& record = row.map(Extent::Whole);
  EXPECT_EQ(record.key, std::nullopt);
  EXPECT_EQ(record.value, std::nullopt);
  EXPECT_THAT(row.headers(Extent::Whole), Not(Contains(Pair("id", ::testing::_))));
}

TEST(DeadLetters, TextThatIsNoUtf8ComesAsItIs) {
  Row row;
  row.values[4] = Value{.kind = Value::Kind::Undecodable, .data = "\xff", .timestamp = {}};
  EXPECT_EQ(row.map(Extent::Whole).value, "\xff");
}

TEST(DeadLetters, NamesAnEventByItsPlaceItsIdAndItsTransactionAsFarAsTheyCanBeRead) {
  Row row;
  EXPECT_EQ(row.name(), "1/AB:3 (id \"7\", xid 745)");
  row.event.xid = 0;
  EXPECT_EQ(row.name(), "1/AB:3 (id \"7\")");
  const std::string longish(5000, 'x');
  for (const Value& id : {Value{}, text(longish),
                          Value{.kind = Value::Kind::Bytes, .data = "\xff", .timestamp = {}}}) {
    row.values[0] = id;
    EXPECT_EQ(row.name(), "1/AB:3 (id unreadable)");
  }
}

TEST(DeadLetters, ARowWithFewerValuesThanColumnsIsReadAsFarAsItGoes) {
  Row row;
  row.values.resize(2);
  EXPECT_EQ(row.map(Extent::Whole).value, std::nullopt);
}

}  // namespace
}  // namespace outrider
