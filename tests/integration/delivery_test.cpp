// The promises of delivery on real servers: nothing lost, nothing twice, in order, whatever dies.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

TEST(Delivery, CommittedRowsArriveInTheirTopicWithKeyValueAndHeaders) {
  World world;
  world.setup();
  world.start();
  world.sql(
      "insert into outbox (id, aggregatetype, aggregateid, type, payload, headers, traceparent) "
      "values ('00000000-0000-0000-0000-00000000abcd', '" +
      world.aggregate() +
      "', 'order-7', 'order.created', '{\"total\": 12}', '{\"source\": \"web\"}', '00-ab-cd-01')");
  const std::vector<Delivered> delivered = world.wait_delivered(1);
  EXPECT_EQ(delivered[0].topic, "outbox.event." + world.aggregate());
  EXPECT_EQ(delivered[0].key, "order-7");
  EXPECT_EQ(delivered[0].value, "{\"total\": 12}");
  EXPECT_EQ(delivered[0].headers,
            "id=00000000-0000-0000-0000-00000000abcd,eventType=order.created,"
            "traceparent=00-ab-cd-01,source=web");
}

TEST(Delivery, RolledBackTransactionsAndSavepointsNeverAppear) {
  World world;
  world.setup();
  world.start();
  world.sql("begin; " + world.insert("'rolled back'", "'{}'") + "rollback");
  world.sql("begin; " + world.insert("'kept 1'", "'{}'") + "savepoint a; " +
            world.insert("'undone'", "'{}'") + "rollback to a; " +
            world.insert("'kept 2'", "'{}'") + "commit");
  const std::vector<Delivered> delivered = world.wait_delivered(2);
  EXPECT_EQ(delivered[0].key, "kept 1");
  EXPECT_EQ(delivered[1].key, "kept 2");
}

class DeliveryModes : public ::testing::TestWithParam<const char*> {};

TEST_P(DeliveryModes, ACleanStopAndStartRepeatsNothing) {
  World world;
  world.options().delivery = GetParam();
  world.setup();
  for (int round = 0; round < 5; ++round) {
    world.start();
    world.emit(4);
    world.wait_delivered(static_cast<std::size_t>(4 * (round + 1)));
    world.stop();
  }
  world.start();
  world.emit(1);
  EXPECT_EQ(world.wait_delivered(21).size(), 21U);
}

INSTANTIATE_TEST_SUITE_P(Both, DeliveryModes, ::testing::Values("exactly_once", "at_least_once"));

TEST(Delivery, KillingTheRelayUnderLoadLosesRepeatsAndReordersNothing) {
  World world;
  world.setup();
  world.start();
  const std::unique_ptr<OutboxLoad> load = world.load();
  for (int kill = 0; kill < 5; ++kill) {
    world.wait_published_more();
    world.kill_relay();
    world.start();
    world.wait_state("streaming");
    world.expect_no_torn_transaction();
  }
  load->stop();
  world.expect_exactly_what_was_committed();
}

TEST(Delivery, AtLeastOnceLosesNothingWhenTheRelayIsKilled) {
  World world;
  world.options().delivery = "at_least_once";
  world.setup();
  world.start();
  const std::unique_ptr<OutboxLoad> load = world.load();
  for (int kill = 0; kill < 3; ++kill) {
    world.wait_published_more();
    world.kill_relay();
    world.start();
  }
  load->stop();
  world.expect_at_least_what_was_committed();
}

TEST(Delivery, KillingPostgresInMidStreamLosesRepeatsAndReordersNothing) {
  World world(World::OwnPostgres{});
  world.setup();
  world.start();
  const std::unique_ptr<OutboxLoad> load = world.load();
  for (int kill = 0; kill < 2; ++kill) {
    world.wait_published_more();
    world.postgres().kill_hard();
    world.postgres().start();
    world.wait_state("streaming");
  }
  load->stop();
  world.expect_exactly_what_was_committed();
}

TEST(Delivery, KillingTheBrokerInMidStreamLosesRepeatsAndReordersNothing) {
  World world;
  world.setup();
  world.start();
  const std::unique_ptr<OutboxLoad> load = world.load();
  for (int kill = 0; kill < 2; ++kill) {
    world.wait_published_more();
    world.kill_broker();
    world.start_broker();
  }
  load->stop();
  world.expect_exactly_what_was_committed();
}

TEST(Delivery, ABrokerThatDiesBeforeItShowsAnAcknowledgedCommitHoldsNothingUp) {
  World world;
  world.setup();
  world.kill_broker();
  world.start_broker(KafkaServer::Markers::Held);
  world.start();
  world.wait_state("streaming");
  const std::string before = world.confirmed_flush();
  world.emit(1);
  world.wait_until("Postgres was told", [&] { return world.confirmed_flush() != before; });
  EXPECT_EQ(world.delivered().size(), 0U);
  world.kill_relay();
  world.kill_broker();
  world.start_broker();
  world.start();
  world.emit(1);
  EXPECT_EQ(world.wait_delivered(2).size(), 2U);
}

TEST(Delivery, ABrokerThatIsAwayAtTheStartIsWaitedFor) {
  World world;
  world.setup();
  world.kill_broker();
  world.start();
  world.emit(3);
  world.wait_state("retrying");
  world.wait_until("it is not ready", [&] { return !world.is_ready(); });
  const Usage before = world.relay_usage();
  world.observe_for(30s);
  const Usage after = world.relay_usage();
  EXPECT_TRUE(world.is_live());
  EXPECT_FALSE(world.is_ready());
  EXPECT_LE(after.cpu_seconds - before.cpu_seconds, 0.3) << "more than 1 % of a core";
  EXPECT_LE(after.log_lines - before.log_lines, 3) << "more than 6 lines a minute";
  world.start_broker();
  world.wait_delivered(3);
}

TEST(Delivery, ABrokerAwayForAMinuteCostsLittleAndPostgresCanStopMeanwhile) {
  World world(World::OwnPostgres{});
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.kill_broker();
  world.emit(3);
  const Usage before = world.relay_usage();
  world.observe_for(60s);
  const Usage after = world.relay_usage();
  EXPECT_TRUE(world.is_live());
  EXPECT_LE(after.cpu_seconds - before.cpu_seconds, 0.6) << "more than 1 % of a core";
  EXPECT_LE(after.log_lines - before.log_lines, 6) << "more than 6 lines a minute";
  EXPECT_THAT(world.relay_log(), ::testing::HasSubstr("no broker answers: "));
  const auto stopping = std::chrono::steady_clock::now();
  world.postgres().stop_fast();
  EXPECT_LE(std::chrono::steady_clock::now() - stopping, 10s);
  world.postgres().start();
  world.start_broker();
  world.wait_delivered(6);
  EXPECT_EQ(world.delivered().size(), 6U);
}

TEST(Delivery, PostgresStopsFastWhileTheRelayIsCaughtUp) {
  World world(World::OwnPostgres{});
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  const auto stopping = std::chrono::steady_clock::now();
  world.postgres().stop_fast();
  EXPECT_LE(std::chrono::steady_clock::now() - stopping, 10s);
  world.postgres().start();
  world.emit(2);
  EXPECT_EQ(world.wait_delivered(5).size(), 5U);
}

TEST(Delivery, AHugeTransactionKilledHalfWayGoesOnWithoutARepeat) {
  World world;
  world.setup();
  world.sql(
      "insert into outbox (id, aggregatetype, aggregateid, type, payload) "
      "select gen_random_uuid(), '" +
      world.aggregate() +
      "', (n % 50)::text, 'huge', "
      "jsonb_build_object('counter', n / 50, 'pad', repeat('x', 250)) "
      "from generate_series(0, 299999) n");
  world.start();
  world.wait_published(60'000);
  world.kill_relay();
  world.start();
  world.wait_published(100'000);
  EXPECT_LE(world.relay_usage().peak_rss_bytes, 64U << 20);
  std::map<std::string, std::int64_t> next;
  for (const Delivered& record : world.wait_delivered(300'000)) {
    const auto counter = nlohmann::json::parse(*record.value)["counter"].get<std::int64_t>();
    ASSERT_EQ(counter, next[record.key]++) << "of key " << record.key;
  }
}

TEST(Delivery, ARoleWithoutUsageOfTheSchemaOfSetupDeliversAllTheSame) {
  World world;
  world.setup();
  world.sql("revoke usage on schema outrider from relay");
  world.start();
  world.emit(3);
  world.wait_delivered(3);
}

}  // namespace
}  // namespace outrider::testing
