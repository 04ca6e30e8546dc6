#include "relay/core/message_row.h"

#include "relay/core/outbox_mapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace outrider {
namespace {

using ::testing::HasSubstr;

OutboxOptions outbox() {
  OutboxOptions options;
  options.message_prefix = "outbox";
  options.additional = {{"tenant", AdditionalColumn::Placement::Header, "tenant"}};
  return options;
}

LogicalMessage message(std::string_view content) {
  return {.is_transactional = true, .prefix = "outbox", .content = content};
}

/// The column as the message says it; "-" for NULL.
std::string column(std::string_view content, const std::string& name) {
  MessageRows rows(outbox());
  const LogicalMessage said = message(content);
  const Result<RowInserted> row = rows.read(said);
  if (!row) return "error: " + row.error().what;
  const auto at = std::ranges::find(row->table->columns, name) - row->table->columns.begin();
  const Value& value = row->values[static_cast<std::size_t>(at)];
  return value.kind == Value::Kind::Null ? "-" : std::string(value.data);
}

TEST(MessageRows, TakeTransactionalMessagesWithThePrefixAlone) {
  const MessageRows rows(outbox());
  EXPECT_TRUE(rows.takes(message("{}")));
  EXPECT_FALSE(rows.takes({.is_transactional = false, .prefix = "outbox", .content = "{}"}));
  EXPECT_FALSE(rows.takes({.is_transactional = true, .prefix = "outbox2", .content = "{}"}));
  EXPECT_FALSE(MessageRows({}).takes({.is_transactional = true, .prefix = "", .content = "{}"}));
}

TEST(MessageRows, AMessageBecomesTheRecordOfTheRowWithTheSameColumns) {
  const OutboxOptions options = outbox();
  MessageRows rows(options);
  OutboxMapper mapper = *OutboxMapper::create(options);
  const LogicalMessage said =
      message(R"({"id": "e1", "aggregatetype": "order", "aggregateid": 7, "type": "created",)"
              R"( "payload": {"total":  1.10}, "headers": {"a": "b"}, "tenant": "acme"})");
  const Result<RowInserted> row = rows.read(said);
  ASSERT_TRUE(row);
  const Result<const Record*> record = mapper.map(*row, Event{});
  ASSERT_TRUE(record && *record != nullptr);
  EXPECT_EQ((*record)->topic, "outbox.event.order");
  EXPECT_EQ((*record)->key, "7");
  EXPECT_EQ((*record)->value, R"({"total":  1.10})");
  EXPECT_EQ((*record)->headers.size(), 4U);
  EXPECT_EQ((*record)->headers[2].value, "acme");
  EXPECT_EQ((*record)->headers[3].name, "a");
}

TEST(MessageRows, AMemberWithTheNameOfTheTimestampIsAHeaderLikeAnyOther) {
  OutboxOptions options = outbox();
  options.additional = {{"created_at", AdditionalColumn::Placement::Header, "created_at"}};
  MessageRows rows(options);
  OutboxMapper mapper = *OutboxMapper::create(options);
  const LogicalMessage said =
      message(R"({"id": "e1", "aggregatetype": "order", "aggregateid": 7, "type": "created",)"
              R"( "payload": {}, "created_at": "2026-01-01"})");
  Event event;
  event.committed_at = WallTime(std::chrono::seconds(7));
  const Result<RowInserted> row = rows.read(said);
  ASSERT_TRUE(row);
  const Result<const Record*> record = mapper.map(*row, event);
  ASSERT_TRUE(record && *record != nullptr) << record.error().what;
  EXPECT_EQ((*record)->headers[2].value, "2026-01-01");
  EXPECT_EQ((*record)->timestamp, event.committed_at);
}

TEST(MessageRows, ValuesAreWhatWasWritten) {
  EXPECT_EQ(column(R"({"payload": "a \"quoted\" \u00fc"})", "payload"), "a \"quoted\" ü");
  EXPECT_EQ(column(R"( {"payload" : [1, "]", {"x": "}\\"}] } )", "payload"),
            R"([1, "]", {"x": "}\\"}])");
  EXPECT_EQ(column(R"({"payload":12345678901234567890.10,"id":1})", "payload"),
            "12345678901234567890.10");
  EXPECT_EQ(column(R"({"payload":true})", "payload"), "true");
  EXPECT_EQ(column(R"({"payload": null})", "payload"), "-");
  EXPECT_EQ(column("{}", "payload"), "-");
  EXPECT_EQ(column(R"({"unknown": {"payload": 1}, "payload": 2})", "payload"), "2");
  EXPECT_EQ(column(R"({"pay\u006coad": "x"})", "payload"), "x");
}

TEST(MessageRows, WhatIsNoObjectIsABadEvent) {
  for (const char* bad : {"", "{", "[1]", "\"x\"", "{\"a\": 1} x", "{\"a\": \"\xff\"}"}) {
    MessageRows rows(outbox());
    const LogicalMessage said = message(bad);
    const Result<RowInserted> row = rows.read(said);
    ASSERT_FALSE(row) << bad;
    EXPECT_EQ(row.error().kind, ErrorKind::BadEvent);
    EXPECT_THAT(row.error().what, HasSubstr("message \"outbox\" is not a JSON object"));
  }
}

TEST(MessageRows, AMessageThatLacksAColumnIsNamedAsOne) {
  const OutboxOptions options = outbox();
  MessageRows rows(options);
  OutboxMapper mapper = *OutboxMapper::create(options);
  const LogicalMessage said = message(R"({"id": "1", "aggregatetype": "order", "type": "t"})");
  const Result<RowInserted> row = rows.read(said);
  ASSERT_TRUE(row);
  const Result<const Record*> record = mapper.map(*row, Event{});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::BadEvent);
  EXPECT_EQ(record.error().what, "column \"aggregateid\" of message \"outbox\" is NULL");
}

}  // namespace
}  // namespace outrider
