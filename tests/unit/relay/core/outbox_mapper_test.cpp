#include "relay/core/outbox_mapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::HasSubstr;

Value text(std::string_view data) {
  return {.kind = Value::Kind::Text, .data = data, .timestamp = {}};
}
Value null() { return {}; }

/// One outbox row with good values, to be spoilt column by column.
struct Row {
  Table table{.schema = "public",
              .name = "outbox",
              .columns = {"id", "aggregatetype", "aggregateid", "type", "payload", "headers",
                          "traceparent", "created_at"},
              .version = 1};
  std::vector<Value> values = {text("e1"),         text("order"), text("o-7"), text("created"),
                               text("{\"a\": 1}"), null(),        null(),      null()};
  Event event{.id = {.transaction = 9, .ordinal = 3},
              .committed_at = WallTime{std::chrono::seconds(100)},
              .what = {}};

  Value& operator[](std::string_view name) {
    return values[static_cast<std::size_t>(std::ranges::find(table.columns, name) -
                                           table.columns.begin())];
  }
  Result<const Record*> map(OutboxMapper& mapper) {
    return mapper.map(RowInserted{.table = &table, .values = values}, event);
  }
};

OutboxMapper mapper_with(OutboxOptions options = {}) {
  Result<OutboxMapper> mapper = OutboxMapper::create(std::move(options));
  EXPECT_TRUE(mapper);
  return std::move(*mapper);
}

std::string headers_of(const Record& record) {
  std::string all;
  for (const Header& header : record.headers) {
    all += std::string(header.name) + "=" + std::string(header.value.value_or("<null>")) + ";";
  }
  return all;
}

TEST(OutboxMapper, MapsADebeziumOutboxRowToTopicKeyValueAndHeaders) {
  OutboxMapper mapper = mapper_with();
  Row row;
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->topic, "outbox.event.order");
  EXPECT_EQ((*record)->key, "o-7");
  EXPECT_EQ((*record)->value, "{\"a\": 1}");
  EXPECT_EQ(headers_of(**record), "id=e1;eventType=created;");
  EXPECT_EQ((*record)->timestamp, row.event.committed_at);
  EXPECT_EQ((*record)->event, row.event.id);
}

TEST(OutboxMapper, PassesTraceHeadersColumnAndTimestampOn) {
  OutboxMapper mapper = mapper_with();
  Row row;
  row["traceparent"] = text("00-ab-cd-01");
  row["headers"] = text(R"({"source": "web", "retries": 3, "nothing": null, "deep": {"x": [1]}})");
  row["created_at"] = {
      .kind = Value::Kind::Timestamp, .data = {}, .timestamp = WallTime{std::chrono::seconds(50)}};
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record),
            "id=e1;eventType=created;traceparent=00-ab-cd-01;"
            "deep={\"x\":[1]};nothing=<null>;retries=3;source=web;");
  EXPECT_EQ((*record)->timestamp, WallTime{std::chrono::seconds(50)});
}

TEST(OutboxMapper, RowsOfOtherTablesAreNoEvents) {
  OutboxMapper mapper = mapper_with();
  Row row;
  row.table.schema = "other";
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, nullptr);
}

TEST(OutboxMapper, ResolvesColumnsByNameAtEveryNewTableVersion) {
  OutboxMapper mapper = mapper_with();
  Row row;
  ASSERT_TRUE(row.map(mapper));
  std::swap(row.table.columns[0], row.table.columns[2]);
  std::swap(row.values[0], row.values[2]);
  row.table.version = 2;
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->key, "o-7");
}

TEST(OutboxMapper, AMissingColumnIsNamedWithItsRemedy) {
  OutboxMapper mapper = mapper_with();
  Row row;
  row.table.columns[4] = "body";
  const Result<const Record*> record = row.map(mapper);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::Misconfigured);
  EXPECT_EQ(record.error().what, "outbox table \"public\".\"outbox\" misses column \"payload\"");
  EXPECT_THAT(record.error().hint, HasSubstr("outbox.columns"));
}

TEST(OutboxMapper, ANullKeyIsABadEvent) {
  OutboxMapper mapper = mapper_with();
  Row row;
  row["aggregateid"] = null();
  const Result<const Record*> record = row.map(mapper);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
  EXPECT_THAT(record.error().what, HasSubstr("\"aggregateid\""));
}

TEST(OutboxMapper, TextThatIsNoUtf8IsABadEventInEveryColumnItUses) {
  OutboxMapper mapper = mapper_with();
  for (const std::string& column : Row().table.columns) {
    if (column == "created_at") continue;
    Row row;
    row[column] = {.kind = Value::Kind::Undecodable, .data = "\xff", .timestamp = {}};
    const Result<const Record*> record = row.map(mapper);
    ASSERT_FALSE(record) << column;
    EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
    EXPECT_THAT(record.error().what, HasSubstr("column \"" + column + "\""));
  }
}

TEST(OutboxMapper, ANullPayloadIsATombstoneOnlyIfConfigured) {
  Row row;
  row["payload"] = null();
  OutboxMapper strict = mapper_with();
  EXPECT_EQ(row.map(strict).error().kind, ErrorKind::BadEvent);
  OutboxMapper lenient = mapper_with({.null_payload = NullPayload::Tombstone});
  const Result<const Record*> record = row.map(lenient);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->value, std::nullopt);
}

TEST(OutboxMapper, HeadersThatAreNoJsonObjectAreABadEvent) {
  OutboxMapper mapper = mapper_with();
  for (const char* bad : {"[1]", "3", "{", "", "\"x\""}) {
    Row row;
    row["headers"] = text(bad);
    const Result<const Record*> record = row.map(mapper);
    ASSERT_FALSE(record) << bad;
    EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
  }
}

TEST(OutboxMapper, HeadersNestedDeeperThanAStackAreABadEvent) {
  constexpr std::size_t kDepth = 300'000;
  const std::string deep = "{\"a\": " + std::string(kDepth, '[') + std::string(kDepth, ']') + "}";
  OutboxMapper mapper = mapper_with();
  Row row;
  row["headers"] = text(deep);
  const Result<const Record*> record = row.map(mapper);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
}

TEST(OutboxMapper, AnEmptyTextIsNoNull) {
  OutboxMapper mapper = mapper_with();
  Row row;
  row["payload"] = text("");
  row["aggregateid"] = text("");
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->value, "");
  EXPECT_EQ((*record)->key, "");
}

}  // namespace
}  // namespace outrider
