// What a relay says of Kafka, and of events that Kafka cannot take, against
// deploy/TROUBLESHOOTING.md.
#include "tests/integration/troubleshooting_page.h"
#include "tests/integration/world.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outrider::testing {
namespace {

void expect_row_of_run(World& world) {
  world.setup();
  world.start();
  expect_row([&] { return world.report(); });
}

World started_at(const std::string& bootstrap_servers) {
  World world;
  world.options().bootstrap_servers = bootstrap_servers;
  world.setup();
  world.start();
  return world;
}

/// Started together: each takes ten seconds until it says what is wrong.
struct WithoutBrokers {
  World refused = started_at("127.0.0.1:1");
  World unknown = started_at("nowhere.invalid:9092");

  static WithoutBrokers& shared() {
    static WithoutBrokers worlds;
    return worlds;
  }
};

/// With this key under sink.kafka.
void expect_row_of_sink(const std::string& key) {
  World world;
  world.options().sink = {key};
  expect_row_of_run(world);
}

/// Of a pipeline whose outbox gets these rows; it says so once it has come to them.
void expect_row_of_rows(World& world, const std::string& statements) {
  world.setup(Payload::Text);
  world.sql(statements);
  world.start();
  expect_row([&] { return world.report(); });
}

void expect_row_of_rows(const std::string& key, const std::string& payload,
                        const std::string& statements_before = "") {
  World world;
  expect_row_of_rows(world, statements_before + world.insert(key, payload));
}

TEST(KafkaConnection, NobodyListensThere) {
  expect_row([&] { return WithoutBrokers::shared().refused.report(); });
}

TEST(KafkaConnection, TheHostIsNotKnown) {
  expect_row([&] { return WithoutBrokers::shared().unknown.report(); });
}

TEST(KafkaConnection, TheFileOfAuthoritiesIsNotThere) {
  expect_row_of_sink("tls: { ca_file: /nowhere/authorities.pem }");
}

TEST(KafkaConnection, ThePasswordFileIsNotThere) {
  expect_row_of_sink(
      "tls: {}, sasl: { mechanism: PLAIN, username: relay, password_file: /nowhere/password }");
}

TEST(KafkaTopicsAndTransactions, TheCheckpointTopicHasSeveralPartitions) {
  World world;
  world.kafka().create_topic(world.identity(), 2);
  expect_row_of_run(world);
}

TEST(KafkaTopicsAndTransactions, TheCheckpointTopicIsNotCompacted) {
  World world;
  world.kafka().create_topic(world.identity(), 1);
  expect_row_of_run(world);
}

TEST(KafkaTopicsAndTransactions, TheClusterHasTooFewBrokers) {
  expect_row_of_sink("checkpoint: { replication: 3 }");
}

TEST(KafkaTopicsAndTransactions, TheTopicIsNotThereAndMayNotBeMade) {
  World world;
  world.options().create_topics = false;
  world.setup();
  world.emit(1);
  world.start();
  expect_row([&] { return world.report(); });
}

TEST(KafkaTopicsAndTransactions, TheTopicIsTheCheckpointTopic) {
  World world;
  world.options().outbox = {"topic: " + world.identity()};
  world.setup();
  world.emit(1);
  world.start();
  expect_row([&] { return world.report(); });
}

TEST(Events, TheKeyIsNULL) {
  expect_row_of_rows("null", "'{}'", "alter table outbox alter column aggregateid drop not null; ");
}

TEST(Events, ThePayloadIsNULL) { expect_row_of_rows("'1'", "null"); }

TEST(Events, TheRecordIsTooLarge) { expect_row_of_rows("'1'", "repeat('x', 3000000)"); }

TEST(Events, TheTypeMakesNoTopic) {
  World world;
  expect_row_of_rows(world,
                     "insert into outbox (aggregatetype, aggregateid, type, payload) values "
                     "('two words', '1', 'created', '{}')");
}

TEST(Events, TheTopicIsNotAllowed) {
  World world;
  world.options().outbox = {"allow_topics: [ outbox.event.order ]"};
  expect_row_of_rows(world, world.insert("'1'", "'{}'"));
}

TEST(Events, TheHeadersAreNoJSONObject) {
  World world;
  expect_row_of_rows(world,
                     "alter table outbox add column headers text; "
                     "insert into outbox (aggregatetype, aggregateid, type, payload, headers) "
                     "values ('order', '1', 'created', '{}', '[1]')");
}

TEST(Events, TheTopicHasNoSuchPartition) {
  World world;
  world.options().outbox = {"additional: [ 'shard:partition' ]"};
  expect_row_of_rows(world,
                     "alter table outbox add column shard int; "
                     "insert into outbox (aggregatetype, aggregateid, type, payload, shard) "
                     "values ('order', '1', 'created', '{}', 99)");
}

TEST(Events, ThePartitionIsNoNumber) {
  World world;
  world.options().outbox = {"additional: [ 'shard:partition' ]"};
  expect_row_of_rows(world,
                     "alter table outbox add column shard text; "
                     "insert into outbox (aggregatetype, aggregateid, type, payload, shard) "
                     "values ('order', '1', 'created', '{}', 'east')");
}

}  // namespace
}  // namespace outrider::testing
