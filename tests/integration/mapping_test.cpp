// What a row, a partition or a message becomes where the servers have a say in it.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> keys_of(const std::vector<Delivered>& delivered) {
  std::vector<std::string> keys;
  for (const Delivered& record : delivered) keys.push_back(record.key);
  return keys;
}

TEST(Mapping, AdditionalColumnsGoToHeaderAndPartitionAndJsonStringsAreQuoted) {
  World world;
  world.options().bad_event = "skip";
  world.options().outbox = {"additional: ['tenant:header:tenantId', 'shard:partition']",
                            "key_format: json", "payload_format: json"};
  world.sql(world.create_table(Payload::Jsonb));
  world.sql("alter table outbox add tenant text, add shard int");
  world.create_topic(3);
  world.setup();
  world.start();
  const auto insert = [&](const char* shard) {
    world.sql(
        "insert into outbox (aggregatetype, aggregateid, type, payload, tenant, shard) values ('" +
        world.aggregate() + "', 'k', 't', '{\"a\": 1}', 'acme', " + shard + ")");
  };
  insert("3");
  insert("2");
  insert("1");
  const std::vector<Delivered> delivered = world.wait_delivered(2);
  EXPECT_EQ(delivered[0].partition, 1);
  EXPECT_EQ(delivered[1].partition, 2);
  EXPECT_EQ(delivered[0].key, "\"k\"");
  EXPECT_EQ(delivered[0].value, R"("{\"a\": 1}")");
  EXPECT_EQ(delivered[0].header("tenantId"), "acme");
  EXPECT_THAT(world.relay_log(), HasSubstr("has no partition 3, only 3"));
}

/// The header of each additional column of a row with one value.
std::string header_of(const std::string& type, const std::string& value) {
  World world;
  world.options().outbox = {"additional: ['extra:header']"};
  world.sql(world.create_table(Payload::Jsonb));
  world.sql("alter table outbox add extra " + type);
  world.setup();
  world.start();
  world.sql("insert into outbox (aggregatetype, aggregateid, type, payload, extra) values ('" +
            world.aggregate() + "', 'k', 't', '{}', " + value + ")");
  return world.wait_delivered(1)[0].header("extra");
}

TEST(Mapping, AdditionalColumnsOfEveryTypeAreHeadersAsThePageForDebeziumSays) {
  EXPECT_EQ(header_of("timestamptz", "'2024-01-31 12:34:56.789+05:30'"),
            "2024-01-31T07:04:56.789Z");
  EXPECT_EQ(header_of("timestamp", "'2024-01-31 12:34:56.789'"), "1706704496789000");
  EXPECT_EQ(header_of("timestamp(3)", "'2024-01-31 12:34:56.789'"), "1706704496789");
  EXPECT_EQ(header_of("date", "'2024-01-31'"), "2024-01-31");
  EXPECT_EQ(header_of("time", "'12:34:56.5'"), "12:34:56.5");
  EXPECT_EQ(header_of("numeric", "12.50"), "12.50");
  EXPECT_EQ(header_of("double precision", "0.1"), "0.1");
  EXPECT_EQ(header_of("bigint", "-7"), "-7");
  EXPECT_EQ(header_of("boolean", "true"), "true");
  EXPECT_EQ(header_of("uuid", "'00000000-0000-0000-0000-00000000000A'"),
            "00000000-0000-0000-0000-00000000000a");
  EXPECT_EQ(header_of("jsonb", "'{\"a\":1}'"), "{\"a\": 1}");
  EXPECT_EQ(header_of("bytea", "'\\x6162'"), "ab");
}

TEST(Mapping, TimesAreTheSameHeadersWhereTheServerSendsText) {
  World world;
  world.options().outbox = {"additional: ['due:header', 'made:header']"};
  world.sql(world.create_table(Payload::Jsonb));
  // Of a numeric the relay knows no binary form.
  world.sql("alter table outbox add due timestamptz, add made timestamp(3), add price numeric");
  world.setup();
  world.start();
  world.sql(
      "insert into outbox (aggregatetype, aggregateid, type, payload, due, made, price) values ('" +
      world.aggregate() +
      "', 'k', 't', '{}', '2024-01-31 12:34:56.789+05:30', '2024-01-31 12:34:56.789', 1)");
  const Delivered record = world.wait_delivered(1)[0];
  EXPECT_EQ(record.header("due"), "2024-01-31T07:04:56.789Z");
  EXPECT_EQ(record.header("made"), "1706704496789");
}

TEST(Mapping, AnOptionalColumnOfAWrongTypeHaltsBeforeItsFirstRowUntilTheNameIsLeftOut) {
  World world;
  world.sql(world.create_table(Payload::Jsonb));
  world.sql("alter table outbox add headers bytea");
  world.setup();
  world.start();
  world.sql(world.insert("'k'", "'{}'"));
  const PipelineReport report = world.wait_state("halted");
  EXPECT_THAT(report.reason, HasSubstr("column \"headers\" of outbox table"));
  EXPECT_THAT(report.hint, HasSubstr("outbox.columns.headers"));
  world.stop();
  world.options().outbox = {"columns: { headers: '' }"};
  world.configure();
  world.start();
  EXPECT_THAT(keys_of(world.wait_delivered(1)), ElementsAre("k"));
}

TEST(Mapping, AnOptionalColumnThatIsAddedWhileTheRelayRunsIsUsedFromThenOn) {
  World world;
  world.sql(world.create_table(Payload::Jsonb));
  world.setup();
  world.start();
  world.sql(world.insert("'1'", "'{}'"));
  world.wait_delivered(1);
  world.sql("alter table outbox add headers jsonb");
  world.sql("insert into outbox (aggregatetype, aggregateid, type, payload, headers) values ('" +
            world.aggregate() + "', '2', 't', '{}', '{\"source\": \"web\"}')");
  const std::vector<Delivered> delivered = world.wait_delivered(2);
  EXPECT_THAT(keys_of(delivered), ElementsAre("1", "2"));
  EXPECT_EQ(delivered[1].header("source"), "web");
}

TEST(Mapping, AColumnOfANameOfTheUsersOwnThatIsNotThereHalts) {
  World world;
  world.options().outbox = {"columns: { headers: hdrs }"};
  world.sql(world.create_table(Payload::Jsonb));
  world.setup();
  world.start();
  world.sql(world.insert("'1'", "'{}'"));
  EXPECT_THAT(world.wait_state("halted").reason, HasSubstr("misses column \"hdrs\""));
}

std::string message(const World& world, const std::string& key, const char* is_transactional,
                    const char* prefix = "outbox") {
  return std::string("select pg_logical_emit_message(") + is_transactional + ", '" + prefix +
         "', json_build_object('id', gen_random_uuid(), 'aggregatetype', '" + world.aggregate() +
         "', 'aggregateid', '" + key +
         "', 'type', 't', 'payload', '{\"b\": [1.50, 2]}'::json)::text); ";
}

TEST(Mapping, MessagesWithoutATableAreDeliveredOnceWithTheirTransaction) {
  World world;
  world.options().tables = {};
  world.options().source = {"message_prefix: outbox"};
  world.setup();
  EXPECT_EQ(world.sql_value("select to_regclass('public.outbox') is null"), "t");
  world.start();
  world.sql("begin; " + message(world, "a", "true") + message(world, "loose", "false") +
            message(world, "other", "true", "other") + message(world, "b", "true") + "commit");
  world.sql("begin; " + message(world, "undone", "true") + "rollback");
  const std::vector<Delivered> first = world.wait_delivered(2);
  EXPECT_EQ(first[0].value, R"({"b": [1.50, 2]})");
  EXPECT_THAT(first[0].headers, HasSubstr("eventType=t"));
  world.wait_published(2);
  EXPECT_EQ(world.metric("outrider_events_skipped_total"), 2);
  world.stop();
  world.start();
  world.sql(message(world, "c", "true"));
  world.wait_delivered(3);
  world.kill_relay();
  world.sql(message(world, "d", "true"));
  world.start();
  EXPECT_THAT(keys_of(world.wait_delivered(4)), ElementsAre("a", "b", "c", "d"));
}

TEST(Mapping, AMessageThatIsNoJsonBecomesADeadLetterWithItsContent) {
  World world;
  world.options().source = {"message_prefix: outbox"};
  world.options().bad_event = "dead_letter";
  world.setup();
  world.start();
  world.sql("begin; select pg_logical_emit_message(true, 'outbox', 'no JSON'); " +
            world.insert("'row'", "'{}'") + message(world, "message", "true") + "commit");
  EXPECT_THAT(keys_of(world.wait_delivered(2)), ElementsAre("row", "message"));
  const std::vector<Delivered> dead = world.dead_letters();
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_EQ(dead[0].value, "no JSON");
  EXPECT_EQ(dead[0].header("outrider.table"), "message \"outbox\"");
}

/// An outbox with a partition for each region, published through its root or not.
World partitioned_world(const std::string& via_root) {
  World world;
  world.sql(
      "create table outbox (id uuid not null default gen_random_uuid(), aggregatetype text, "
      "aggregateid text, type text, payload jsonb, region text not null, primary key (id, region)) "
      "partition by list (region); "
      "create table outbox_eu partition of outbox for values in ('eu'); "
      "create table outbox_us partition of outbox for values in ('us'); "
      "create publication " +
      world.publication() + " for table outbox with (publish_via_partition_root = " + via_root +
      ")");
  world.setup();
  world.start();
  return world;
}

std::string insert_into(const World& world, const char* table, const char* region,
                        const char* key) {
  return std::string("insert into ") + table +
         " (aggregatetype, aggregateid, type, payload, region) values ('" + world.aggregate() +
         "', '" + key + "', 't', '{}', '" + region + "'); ";
}

class PartitionedOutbox : public ::testing::TestWithParam<const char*> {};

TEST_P(PartitionedOutbox, DeliversTheRowsOfOldAndNewPartitions) {
  World world = partitioned_world(GetParam());
  world.sql("begin; " + insert_into(world, "outbox", "eu", "1") +
            insert_into(world, "outbox_us", "us", "2") + "delete from outbox; commit");
  world.wait_delivered(2);
  world.sql(
      "create table outbox_asia partition of outbox for values in ('cn', 'jp') partition by "
      "list (region); create table outbox_cn partition of outbox_asia for values in ('cn')");
  world.sql(insert_into(world, "outbox", "cn", "3"));
  world.wait_delivered(3);
  world.sql("drop table outbox_eu; truncate outbox");
  world.stop();
  world.sql(insert_into(world, "outbox", "us", "4") + insert_into(world, "outbox", "cn", "5"));
  world.start();
  EXPECT_THAT(keys_of(world.wait_delivered(5)), ElementsAre("1", "2", "3", "4", "5"));
}

INSTANTIATE_TEST_SUITE_P(Root, PartitionedOutbox, ::testing::Values("true", "false"),
                         [](const auto& setting) { return std::string(setting.param); });

TEST(Mapping, RowsOfAPartitionThatWasDroppedUnreadHaltUntilItIsThereAgain) {
  World world = partitioned_world("false");
  world.sql(insert_into(world, "outbox", "eu", "1"));
  world.wait_delivered(1);
  world.stop();
  world.sql(insert_into(world, "outbox", "us", "2") + "drop table outbox_us");
  world.start();
  world.wait_reason("it may have been a partition");
  world.sql("create table outbox_us partition of outbox for values in ('us')");
  world.stop();
  world.start();
  EXPECT_THAT(keys_of(world.wait_delivered(2)), ElementsAre("1", "2"));
}

}  // namespace
}  // namespace outrider::testing
