// The shapes of outbox tables that services have, and several of them at once.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

struct Shape {
  const char* name;
  const char* id_type;
  const char* id;
  const char* payload_type;
  const char* payload;
  std::string expected_id;
  std::string expected_value;
};

class TableShapes : public ::testing::TestWithParam<Shape> {};

TEST_P(TableShapes, ArriveAsTheColumnsOwnTextOrBytes) {
  const Shape& shape = GetParam();
  World world;
  world.sql(std::string("create table outbox (id ") + shape.id_type +
            " primary key, aggregatetype varchar(255) not null, aggregateid varchar(255) not null, "
            "type varchar(255) not null, payload " +
            shape.payload_type + ")");
  world.setup();
  world.start();
  world.sql(std::string("insert into outbox values (") + shape.id + ", '" + world.aggregate() +
            "', 'k', 't', " + shape.payload + ")");
  const std::vector<Delivered> delivered = world.wait_delivered(1);
  EXPECT_EQ(delivered[0].headers, "id=" + shape.expected_id + ",eventType=t");
  EXPECT_EQ(delivered[0].value, shape.expected_value);
}

INSTANTIATE_TEST_SUITE_P(
    Delivery, TableShapes,
    ::testing::Values(Shape{"uuid_jsonb", "uuid", "'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'", "jsonb",
                            "'{\"b\":1, \"a\":2}'", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
                            "{\"a\": 2, \"b\": 1}"},
                      Shape{"text_json", "text", "'e-1'", "json", "'{\"b\":1,  \"a\":2}'", "e-1",
                            "{\"b\":1,  \"a\":2}"},
                      Shape{"bigint_text", "bigint", "9007199254740993", "text", "'plain ü'",
                            "9007199254740993", "plain ü"},
                      Shape{"int_bytea", "int", "-7", "bytea", "'\\x00ff10'::bytea", "-7",
                            std::string("\0\xff\x10", 3)}),
    [](const ::testing::TestParamInfo<Shape>& shape) { return std::string(shape.param.name); });

TEST(Tables, AColumnWithoutABinaryFormIsReadAsText) {
  World world;
  world.sql(
      "create type mood as enum ('order_created', 'order_closed'); "
      "create table outbox (id uuid primary key default gen_random_uuid(), aggregatetype text, "
      "aggregateid numeric, type mood, payload bytea, "
      "created_at timestamptz not null default '2024-05-06 07:08:09.5+02')");
  world.setup();
  world.start();
  world.sql("insert into outbox (aggregatetype, aggregateid, type, payload) values ('" +
            world.aggregate() + "', 12.50, 'order_closed', '\\x0001'::bytea)");
  const std::vector<Delivered> delivered = world.wait_delivered(1);
  EXPECT_EQ(delivered[0].key, "12.50");
  EXPECT_EQ(delivered[0].value, std::string("\0\x01", 2));
  EXPECT_THAT(delivered[0].headers, ::testing::EndsWith("eventType=order_closed"));
  EXPECT_EQ(delivered[0].timestamp_ms, 1714972089500);
}

TEST(Tables, ANullPayloadIsATombstoneIfConfigured) {
  World world;
  world.options().null_payload = "tombstone";
  world.setup();
  world.start();
  world.sql(world.insert("'gone'", "null"));
  const std::vector<Delivered> delivered = world.wait_delivered(1);
  EXPECT_EQ(delivered[0].key, "gone");
  EXPECT_EQ(delivered[0].value, std::nullopt);
}

TEST(Tables, SeveralTablesInOddSchemasFeedOnePipeline) {
  World world;
  world.options().tables = {"public.outbox", "\"odd Schema\".\"Out.Box\""};
  world.sql("create schema \"odd Schema\"");
  world.setup();
  world.start();
  world.emit(2);
  world.sql(
      "insert into \"odd Schema\".\"Out.Box\" (id, aggregatetype, aggregateid, type, payload) "
      "values (gen_random_uuid(), '" +
      world.aggregate() + "', 'odd', 't', '{}')");
  EXPECT_EQ(world.wait_delivered(3).back().key, "odd");
}

TEST(Tables, PipelinesAreIndependent) {
  World world;
  world.add_pipeline("second");
  world.setup();
  world.start();
  world.emit(3);
  world.emit_in("second", 4);
  world.wait_delivered(3);
  world.wait_delivered_in("second", 4);
}

TEST(Tables, InsertAndDeleteInOneTransactionLeavesTheTableEmptyAndTheEventDelivered) {
  World world;
  world.setup();
  world.start();
  world.sql("begin; " + world.insert("'k'", "'{}'") + "delete from outbox; commit");
  EXPECT_EQ(world.wait_delivered(1).size(), 1U);
  EXPECT_EQ(world.sql_value("select count(*) from outbox"), "0");
}

TEST(Tables, EmitWritesAnEventLikeAService) {
  World world;
  world.setup();
  world.start();
  world.sql("select outrider.emit('" + world.aggregate() + "', 'k', 'created', '{\"a\": 1}')");
  EXPECT_EQ(world.wait_delivered(1)[0].value, "{\"a\": 1}");
}

}  // namespace
}  // namespace outrider::testing
