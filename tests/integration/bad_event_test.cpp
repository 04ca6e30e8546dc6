// Five rows that make no record among a hundred thousand that do, under each policy.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace outrider::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::uint64_t kGood = 100'000;
constexpr int kTransactions = 100;

struct BadRow {
  std::string name;
  std::string columns;  ///< Values of aggregatetype, aggregateid, type, payload, headers in SQL.
  std::string reason;
};

std::vector<BadRow> bad_rows(const World& world) {
  const std::string aggregate = "'" + world.aggregate() + "'";
  return {
      {"null_key", aggregate + ", null, 'bad', '{}', null", "column \"aggregateid\" of"},
      {"large", aggregate + ", 'k', 'bad', to_jsonb(repeat('x', 2000000)), null",
       "is too large for topic"},
      {"headers", aggregate + ", 'k', 'bad', '{}', '{broken'", "is not a JSON object"},
      {"topic", "'no topic!', 'k', 'bad', '{}', null", "no topic!"},
      {"null_payload", aggregate + ", 'k', 'bad', null, null", "column \"payload\" of"},
      {"undecodable", aggregate + ", E'\\xff', 'bad', '{}', null", "is not UTF-8"},
  };
}

/// Each id is the row's name, so that dead letters can be told apart.
void commit_good_and_bad(const World& world) {
  const std::string good =
      "insert into outbox (id, aggregatetype, aggregateid, type, payload) "
      "select 'good-' || n, '" +
      world.aggregate() +
      "', 'key-' || n % 97, 'good', jsonb_build_object('n', n) "
      "from generate_series($1, $2) n";
  const std::vector<BadRow> bad = bad_rows(world);
  const std::uint64_t each = kGood / kTransactions;
  std::size_t next_bad = 0;
  for (int i = 0; i < kTransactions; ++i) {
    std::string statements = "begin; ";
    const auto add = [&](std::uint64_t first, std::uint64_t last) {
      std::string insert = good;
      insert.replace(insert.find("$1"), 2, std::to_string(first));
      insert.replace(insert.find("$2"), 2, std::to_string(last));
      statements += insert + "; ";
    };
    const std::uint64_t first = static_cast<std::uint64_t>(i) * each + 1;
    add(first, first + each / 2 - 1);
    if (i % 16 == 10) {
      statements +=
          "insert into outbox (id, aggregatetype, aggregateid, type, payload, headers) "
          "values ('" +
          bad[next_bad].name + "', " + bad[next_bad].columns + "); ";
      ++next_bad;
    }
    add(first + each / 2, first + each - 1);
    world.sql(statements + "commit");
  }
  ASSERT_EQ(next_bad, bad.size());
}

World started_with(const std::string& policy) {
  World world;
  world.options().bad_event = policy;
  // Only such a database stores text that is no UTF-8.
  world.make_database_anew("template template0 encoding 'SQL_ASCII' locale 'C'");
  world.sql(
      "create table outbox (id text primary key, aggregatetype text not null, aggregateid "
      "text, type text not null, payload jsonb, headers text)");
  world.setup();
  world.start();
  return world;
}

/// `count` of the good rows from the first on, once each and in order.
void expect_good_rows(const World& world, std::uint64_t count) {
  std::set<std::uint64_t> seen;
  std::map<std::string, std::uint64_t> last;
  for (const Delivered& record : world.delivered()) {
    const auto n = nlohmann::json::parse(record.value.value_or("{}")).value("n", std::uint64_t{0});
    EXPECT_TRUE(seen.insert(n).second) << n << " came twice";
    EXPECT_LT(std::exchange(last[record.key], n), n) << "out of order in " << record.key;
  }
  ASSERT_THAT(seen, SizeIs(count));
  EXPECT_EQ(*seen.begin(), 1U);
  EXPECT_EQ(*seen.rbegin(), count);
}

TEST(BadEvents, UnderHaltEverythingBeforeTheFirstBadTransactionArrivesAndNothingAfterIt) {
  World world = started_with("halt");
  commit_good_and_bad(world);
  const PipelineReport report = world.wait_state("halted");
  EXPECT_THAT(report.reason, AllOf(HasSubstr("event "), HasSubstr("column \"aggregateid\" of")));
  expect_good_rows(world, 10 * kGood / kTransactions);
  EXPECT_THAT(world.dead_letters(), SizeIs(0));
}

TEST(BadEvents, TextThatTheServerCannotConvertHaltsUnderEveryPolicyAndSaysWhy) {
  World world;
  world.options().bad_event = "skip";
  world.make_database_anew("template template0 encoding 'EUC_JP' locale 'C'");
  world.setup();
  world.start();
  world.emit(3);
  EXPECT_THAT(world.wait_delivered(3), SizeIs(3));
  // A place of the JIS table that nothing is assigned to.
  world.sql(
      "insert into outbox (id, aggregatetype, aggregateid, type, payload) values "
      "(gen_random_uuid(), '" +
      world.aggregate() + "', E'\\xa9\\xa1', 'bad', '{}')");
  const PipelineReport report = world.wait_state("halted");
  EXPECT_THAT(report.reason, HasSubstr("has no equivalent in encoding \"UTF8\""));
  EXPECT_THAT(report.hint, HasSubstr("encoding UTF8"));
}

TEST(BadEvents, UnderSkipTheGoodOnesArriveAndTheBadOnesAreCountedAndLogged) {
  World world = started_with("skip");
  commit_good_and_bad(world);
  world.wait_delivered(kGood);
  expect_good_rows(world, kGood);
  EXPECT_EQ(world.metric("outrider_events_bad_total"), 6);
  EXPECT_EQ(world.metric("outrider_events_skipped_total"), 6);
  for (const BadRow& row : bad_rows(world)) {
    EXPECT_THAT(world.relay_log(), HasSubstr(row.reason)) << row.name;
  }
}

TEST(BadEvents, UnderDeadLetterTheBadOnesLieInTheirTopicWithTheReason) {
  World world = started_with("dead_letter");
  commit_good_and_bad(world);
  world.wait_delivered(kGood);
  expect_good_rows(world, kGood);
  EXPECT_EQ(world.metric("outrider_events_dead_lettered_total"), 6);
  std::map<std::string, Delivered> letters;
  for (Delivered& letter : world.dead_letters()) letters[letter.header("id")] = std::move(letter);
  ASSERT_THAT(letters, SizeIs(6));
  for (const BadRow& row : bad_rows(world)) {
    const Delivered& letter = letters[row.name];
    EXPECT_THAT(letter.headers, HasSubstr(row.reason)) << row.name;
    EXPECT_EQ(letter.header("eventType"), "bad");
    EXPECT_EQ(letter.value.has_value(), row.name != "large" && row.name != "null_payload");
  }
  EXPECT_THAT(letters["large"].header("outrider.omitted"), HasSubstr("payload of 20000"));
}

}  // namespace
}  // namespace outrider::testing
