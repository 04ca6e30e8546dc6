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
Value timestamp(std::string_view data, WallTime time) {
  return {.kind = Value::Kind::Timestamp, .data = data, .timestamp = time};
}

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
  /// Says of every column what it holds; Text unless `kind` says otherwise of the one.
  void describe(std::string_view name, Value::Kind kind) {
    table.kinds.assign(table.columns.size(), Value::Kind::Text);
    table.kinds[static_cast<std::size_t>(std::ranges::find(table.columns, "created_at") -
                                         table.columns.begin())] = Value::Kind::Timestamp;
    table.kinds[static_cast<std::size_t>(std::ranges::find(table.columns, name) -
                                         table.columns.begin())] = kind;
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

OutboxOptions with(std::vector<AdditionalColumn> additional) {
  OutboxOptions options;
  options.additional = std::move(additional);
  return options;
}

/// The row with one more column.
Row with_column(const std::string& name, Value value) {
  Row row;
  row.table.columns.push_back(name);
  row.values.push_back(value);
  return row;
}

using Placement = AdditionalColumn::Placement;

TEST(OutboxMapper, PlacesAnAdditionalColumnInAHeaderByItsAlias) {
  OutboxMapper mapper = mapper_with(with({{"tenant", Placement::Header, "tenantId"}}));
  Row row = with_column("tenant", text("acme"));
  Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record), "id=e1;eventType=created;tenantId=acme;");
  row["tenant"] = null();
  record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record), "id=e1;eventType=created;tenantId=<null>;");
}

TEST(OutboxMapper, PlacesAPointInTimeInHeaderKeyAndTopicAsItsText) {
  OutboxOptions options = with({{"due", Placement::Header, "due"},
                                {"due", Placement::Key, "due"},
                                {"due", Placement::Topic, "due"}});
  options.topic = "shop.{aggregatetype}.{due}";
  OutboxMapper mapper = mapper_with(std::move(options));
  Row row = with_column("due", timestamp("1704112496789000", WallTime{}));
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record), "id=e1;eventType=created;due=1704112496789000;");
  EXPECT_EQ((*record)->key, "1704112496789000");
  EXPECT_EQ((*record)->topic, "shop.order.1704112496789000");
}

TEST(OutboxMapper, APointInTimeThatCannotBeReadIsABadEvent) {
  OutboxMapper mapper = mapper_with(with({{"due", Placement::Header, "due"}}));
  for (const char* column : {"due", "created_at"}) {
    Row row = with_column("due", null());
    row.describe("due", Value::Kind::Timestamp);
    row[column] = {.kind = Value::Kind::Unreadable, .data = "infinity", .timestamp = {}};
    const Result<const Record*> record = row.map(mapper);
    ASSERT_FALSE(record) << column;
    EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
    EXPECT_EQ(record.error().what, "column \"" + std::string(column) +
                                       "\" of \"public\".\"outbox\" is no point in time that "
                                       "can be sent");
  }
}

TEST(OutboxMapper, PlacesAnAdditionalColumnAsThePartition) {
  OutboxMapper mapper = mapper_with(with({{"shard", Placement::Partition, "shard"}}));
  Row row = with_column("shard", text("7"));
  ASSERT_TRUE(row.map(mapper));
  EXPECT_EQ((*row.map(mapper))->partition, 7);
  EXPECT_EQ((*row.map(mapper))->key, "o-7");
  row["shard"] = null();
  EXPECT_EQ((*row.map(mapper))->partition, std::nullopt);
  for (const char* bad : {"-1", "x", "", "1.5", "99999999999"}) {
    row["shard"] = text(bad);
    const Result<const Record*> record = row.map(mapper);
    ASSERT_FALSE(record) << bad;
    EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
  }
}

TEST(OutboxMapper, PlacesAnAdditionalColumnAsTheKeyInsteadOfTheAggregate) {
  OutboxMapper mapper = mapper_with(with({{"account", Placement::Key, "account"}}));
  Row row = with_column("account", text("a-1"));
  row["aggregateid"] = null();
  const Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->key, "a-1");
}

TEST(OutboxMapper, PlacesAnAdditionalColumnInTheTopic) {
  OutboxOptions options = with({{"region_code", Placement::Topic, "region"}});
  options.topic = "shop.{region}.{aggregatetype}";
  OutboxMapper mapper = mapper_with(std::move(options));
  Row row = with_column("region_code", text("eu"));
  EXPECT_EQ((*row.map(mapper))->topic, "shop.eu.order");
  row["region_code"] = text("us");
  EXPECT_EQ((*row.map(mapper))->topic, "shop.us.order");
}

TEST(OutboxMapper, ATableWithoutAnAdditionalColumnIsMisconfigured) {
  OutboxMapper mapper = mapper_with(with({{"tenant", Placement::Header, "tenant"}}));
  Row row;
  const Result<const Record*> record = row.map(mapper);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::Misconfigured);
  EXPECT_THAT(record.error().what, HasSubstr("\"tenant\""));
}

TEST(OutboxMapper, AnOptionalColumnOfAWrongTypeIsMisconfiguredThoughItIsNull) {
  for (const std::string column : {"headers", "traceparent", "tracestate", "tracingspancontext"}) {
    for (const Value::Kind kind : {Value::Kind::Bytes, Value::Kind::Timestamp}) {
      Row row = with_column(column, null());
      row.describe(column, kind);
      OutboxMapper mapper = mapper_with();
      const Result<const Record*> record = row.map(mapper);
      ASSERT_FALSE(record) << column;
      EXPECT_EQ(record.error().kind, ErrorKind::Misconfigured);
      EXPECT_EQ(record.error().what,
                "column \"" + column + "\" of outbox table \"public\".\"outbox\" is no text");
      EXPECT_THAT(record.error().hint,
                  HasSubstr("change its type to text, or let outbox.columns." + column));
    }
  }
}

TEST(OutboxMapper, ATimestampColumnThatIsNoneIsMisconfiguredAndMayBeLeftOutByName) {
  Row row;
  row.describe("created_at", Value::Kind::Text);
  row["created_at"] = text("1704112496789");
  OutboxMapper mapper = mapper_with();
  const Result<const Record*> record = row.map(mapper);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::Misconfigured);
  EXPECT_THAT(record.error().what, HasSubstr("\"created_at\""));
  EXPECT_THAT(record.error().what, HasSubstr("is no timestamp"));
  OutboxOptions options;
  options.columns.timestamp = "";
  OutboxMapper without = mapper_with(std::move(options));
  const Result<const Record*> sent = row.map(without);
  ASSERT_TRUE(sent && *sent != nullptr);
  EXPECT_EQ((*sent)->timestamp, row.event.committed_at);
}

TEST(OutboxMapper, APartitionThatIsNoTextIsMisconfigured) {
  Row row = with_column("shard", null());
  row.describe("shard", Value::Kind::Bytes);
  OutboxMapper mapper = mapper_with(with({{"shard", Placement::Partition, "shard"}}));
  const Result<const Record*> record = row.map(mapper);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::Misconfigured);
}

TEST(OutboxMapper, AnOptionalColumnOfANameOfTheUsersOwnMustBeThere) {
  const auto named = [](std::string OutboxColumns::* column) {
    OutboxOptions options;
    options.columns.*column = "mine";
    return options;
  };
  for (const auto column :
       {&OutboxColumns::headers, &OutboxColumns::traceparent, &OutboxColumns::tracestate,
        &OutboxColumns::tracingspancontext, &OutboxColumns::timestamp}) {
    OutboxMapper mapper = mapper_with(named(column));
    Row row;
    const Result<const Record*> record = row.map(mapper);
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().kind, ErrorKind::Misconfigured);
    EXPECT_EQ(record.error().what, "outbox table \"public\".\"outbox\" misses column \"mine\"");
    Row later = with_column("mine", null());
    later.table.version = 2;
    EXPECT_TRUE(later.map(mapper));
    Row message;
    message.table.schema = "";
    message.table.version = 3;
    OutboxOptions of_messages = named(column);
    of_messages.message_prefix = message.table.name;
    OutboxMapper of_message = mapper_with(std::move(of_messages));
    EXPECT_TRUE(message.map(of_message));
  }
}

TEST(OutboxMapper, AnOptionalColumnThatIsAddedLaterIsUsedFromThenOn) {
  OutboxMapper mapper = mapper_with();
  Row row;
  ASSERT_TRUE(row.map(mapper));
  Row later = with_column("tracestate", text("a=b"));
  later.table.version = 2;
  const Result<const Record*> record = later.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record), "id=e1;eventType=created;tracestate=a=b;");
}

TEST(OutboxMapper, OnlyOneColumnIsTheKey) {
  const Result<OutboxMapper> mapper =
      OutboxMapper::create(with({{"a", Placement::Key, "a"}, {"b", Placement::Key, "b"}}));
  ASSERT_FALSE(mapper);
  EXPECT_EQ(mapper.error().kind, ErrorKind::Misconfigured);
}

TEST(OutboxMapper, QuotesKeyAndPayloadAsTheJsonConverterDoesIfAsked) {
  OutboxMapper mapper =
      mapper_with({.key_format = TextFormat::JsonString, .payload_format = TextFormat::JsonString});
  Row row;
  Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->key, "\"o-7\"");
  EXPECT_EQ((*record)->value, R"("{\"a\": 1}")");
  row["payload"] = {.kind = Value::Kind::Bytes, .data = "\"raw", .timestamp = {}};
  record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->value, "\"raw");
}

TEST(OutboxMapper, ABlankPayloadIsATombstoneOnlyIfConfigured) {
  for (const char* blank : {"", " \t\n "}) {
    Row row;
    row["payload"] = text(blank);
    OutboxMapper null_only = mapper_with({.null_payload = NullPayload::Tombstone});
    EXPECT_EQ((*row.map(null_only))->value, blank);
    OutboxMapper blank_too = mapper_with({.null_payload = NullPayload::TombstoneIfBlank});
    EXPECT_EQ((*row.map(blank_too))->value, std::nullopt);
  }
}

TEST(OutboxMapper, SendsTheEntriesOfATracingSpanContextAsHeaders) {
  OutboxMapper mapper = mapper_with();
  Row row = with_column("tracingspancontext",
                        text("#Mon Nov 23 UTC 2026\ntraceparent=00-ab-cd-01\ntracestate=a\\=b\n"));
  Result<const Record*> record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record),
            "id=e1;eventType=created;traceparent=00-ab-cd-01;tracestate=a=b;");
  row["traceparent"] = text("00-own-own-01");
  record = row.map(mapper);
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ(headers_of(**record),
            "id=e1;eventType=created;traceparent=00-own-own-01;tracestate=a=b;");
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
