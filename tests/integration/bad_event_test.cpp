// Rows that make no record among a hundred thousand that do, under each policy.
#include "tests/integration/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace outrider::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::uint64_t kGood = 100'000;
constexpr int kTransactions = 100;
constexpr int kTransactionsPerBadRow = 14;
constexpr int kFirstBadTransaction = 10;
constexpr std::uint64_t kBeforeTheFirstBadRow = kFirstBadTransaction * kGood / kTransactions;

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
      {"forbidden_topic", "'elsewhere', 'k', 'bad', '{}', null",
       "topic \"outbox.event.elsewhere\" is not allowed"},
      {"illegal_topic", "'no topic!', 'k', 'bad', '{}', null",
       "\"no topic!\" cannot be part of a topic name"},
      {"null_payload", aggregate + ", 'k', 'bad', null, null", "column \"payload\" of"},
      {"undecodable", aggregate + ", E'\\xff', 'bad', '{}', null", "is not UTF-8"},
  };
}

/// Each id is the row's name, so that the rows can be told apart.
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
    if (i % kTransactionsPerBadRow == kFirstBadTransaction) {
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

World started_with(const std::string& policy, const std::string& delivery = "exactly_once") {
  World world;
  world.options().bad_event = policy;
  world.options().delivery = delivery;
  world.options().outbox = {"allow_topics: [" + world.topic() + "]"};
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

std::string xid_of(const World& world, const BadRow& row) {
  return world.sql_value("select xmin from outbox where id = '" + row.name + "'");
}

/// "0/1A2B3C8:4" of what the relay says of an event, or nothing.
std::string event_in(const std::string& text, const std::string& before) {
  std::smatch found;
  const bool is_there =
      std::regex_search(text, found, std::regex(before + "([0-9A-F]+/[0-9A-F]+:[0-9]+)"));
  return is_there ? found[1] : std::string();
}

/// The line of the log about the row.
std::string log_line_of(const World& world, const BadRow& row) {
  const std::string log = world.relay_log();
  const std::size_t at = log.find("(id \"" + row.name + "\"");
  if (at == std::string::npos) return {};
  const std::size_t begin = log.rfind('\n', at) + 1;
  return log.substr(begin, log.find('\n', at) - begin);
}

TEST(BadEvents, UnderHaltEachHaltsAndAllGoodOnesArriveWhenEachIsSkippedByHand) {
  World world = started_with("halt");
  commit_good_and_bad(world);
  for (const BadRow& row : bad_rows(world)) {
    const PipelineReport report = world.wait_state("halted");
    EXPECT_THAT(report.reason, AllOf(HasSubstr("event "), HasSubstr(row.reason))) << row.name;
    if (row.name == "null_key") expect_good_rows(world, kBeforeTheFirstBadRow);
    const std::string event = event_in(report.reason, "event ");
    EXPECT_THAT(world.command({"skip", "--event", event, "--yes"}), HasSubstr("went past it"));
    world.stop();
    world.start();
  }
  world.wait_delivered(kGood);
  expect_good_rows(world, kGood);
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

class BadEventsOfBothDeliveries : public ::testing::TestWithParam<const char*> {};

TEST_P(BadEventsOfBothDeliveries, UnderSkipTheGoodOnesArriveAndTheBadOnesAreCountedAndLogged) {
  World world = started_with("skip", GetParam());
  commit_good_and_bad(world);
  world.wait_delivered(kGood);
  expect_good_rows(world, kGood);
  const std::vector<BadRow> bad = bad_rows(world);
  const auto count = static_cast<double>(bad.size());
  world.wait_published(kGood);
  EXPECT_EQ(world.metric("outrider_events_bad_total"), count);
  EXPECT_EQ(world.metric("outrider_events_skipped_total", "reason=\"bad\""), count);
  EXPECT_EQ(world.metric("outrider_events_skipped_total"), count);
  for (const BadRow& row : bad) {
    const std::string line = log_line_of(world, row);
    EXPECT_THAT(line, AllOf(HasSubstr(" error "), HasSubstr(row.reason))) << row.name;
    EXPECT_FALSE(event_in(line, "skipped bad event ").empty()) << line;
    EXPECT_THAT(line, HasSubstr("(id \"" + row.name + "\", xid " + xid_of(world, row) + "): "));
  }
  EXPECT_THAT(world.relay_log(), Not(HasSubstr("xxxxxxxx"))) << "a payload";
}

TEST_P(BadEventsOfBothDeliveries, UnderDeadLetterTheBadOnesLieInTheirTopicWithTheReason) {
  World world = started_with("dead_letter", GetParam());
  commit_good_and_bad(world);
  world.wait_delivered(kGood);
  expect_good_rows(world, kGood);
  const std::vector<BadRow> bad = bad_rows(world);
  world.wait_published(kGood + bad.size());
  EXPECT_EQ(world.metric("outrider_events_dead_lettered_total"), static_cast<double>(bad.size()));
  EXPECT_EQ(world.metric("outrider_events_skipped_total"), 0);
  std::map<std::string, Delivered> letters;
  const std::vector<Delivered> sent = world.dead_letters();
  for (const Delivered& letter : sent) letters[letter.header("id")] = letter;
  EXPECT_THAT(sent, SizeIs(bad.size()));
  ASSERT_THAT(letters, SizeIs(bad.size()));
  for (const BadRow& row : bad) {
    const Delivered& letter = letters[row.name];
    EXPECT_THAT(letter.header("outrider.reason"), HasSubstr(row.reason)) << row.name;
    EXPECT_EQ(letter.header("outrider.table"), "\"public\".\"outbox\"");
    EXPECT_EQ(letter.header("outrider.xid"), xid_of(world, row));
    EXPECT_EQ(letter.header("eventType"), "bad");
    EXPECT_EQ(letter.value.has_value(), row.name != "large" && row.name != "null_payload");
    const std::string line = log_line_of(world, row);
    // The log shows no more than a few warnings a minute.
    if (line.empty() && row.name != bad.front().name) continue;
    EXPECT_THAT(line, AllOf(HasSubstr(" warning "), HasSubstr(row.reason))) << row.name;
    EXPECT_EQ(letter.header("outrider.event"), event_in(line, "sent bad event ")) << line;
  }
  EXPECT_THAT(letters["large"].header("outrider.omitted"), HasSubstr("payload of 20000"));
  EXPECT_THAT(world.relay_log(), Not(HasSubstr("xxxxxxxx"))) << "a payload";
}

INSTANTIATE_TEST_SUITE_P(Delivery, BadEventsOfBothDeliveries,
                         ::testing::Values("exactly_once", "at_least_once"),
                         [](const auto& delivery) { return std::string(delivery.param); });

/// A row that only the broker refuses, and so the whole batch it comes in.
struct Culprit {
  std::string name;
  std::string setting;  ///< Of the topic, made when the relay has looked at it; empty: the default.
  std::string row;      ///< Values of payload and created_at in SQL.
  std::string refusal;  ///< What the broker says.
  std::string reason;   ///< Why the event is taken out.
};

std::vector<Culprit> culprits() {
  // message.timestamp.after.max.ms of a topic is an hour in Kafka 4.
  return {{"LargerThanTheTopicTakesNow", "max.message.bytes=20000",
           "(select to_jsonb(string_agg(md5(n::text), '')) from generate_series(1, 3000) n), now()",
           "Message size too large", "is too large for topic"},
          {"LaterThanTheTopicTakes", "", "'{}', now() + interval '1 day'", "Invalid timestamp",
           "Invalid timestamp"}};
}

class RejectedBatch : public ::testing::TestWithParam<std::tuple<std::string, Culprit>> {};

TEST_P(RejectedBatch, LosesTheCulpritAloneAndTheOthersArriveInOrderOnce) {
  const auto& [policy, culprit] = GetParam();
  World world;
  world.options().bad_event = policy;
  world.create_topic(1);
  world.setup();
  world.start();
  world.emit(1);
  world.wait_delivered(1);
  if (!culprit.setting.empty()) world.set_topic(culprit.setting);
  const auto rows = [&](int first, int last) {
    return "insert into outbox (id, aggregatetype, aggregateid, type, payload) select "
           "gen_random_uuid(), '" +
           world.aggregate() + "', n::text, 't', '{}' from generate_series(" +
           std::to_string(first) + ", " + std::to_string(last) + ") n; ";
  };
  world.sql("begin; " + rows(1, 20) +
            "insert into outbox (id, aggregatetype, aggregateid, type, payload, created_at) select "
            "'00000000-0000-0000-0000-000000000bad', '" +
            world.aggregate() + "', 'culprit', 'bad', " + culprit.row + "; " + rows(21, 40) +
            "commit");
  const std::vector<Delivered> delivered = world.wait_delivered(41);
  std::vector<std::string> keys;
  for (const Delivered& record : delivered) keys.push_back(record.key);
  std::vector<std::string> expected = {"k"};
  for (int n = 1; n <= 40; ++n) expected.push_back(std::to_string(n));
  EXPECT_EQ(keys, expected);
  EXPECT_THAT(world.relay_log(), HasSubstr(culprit.refusal)) << "it was the broker that refused";
  const std::vector<Delivered> letters = world.dead_letters();
  ASSERT_EQ(letters.size(), policy == "dead_letter" ? 1U : 0U) << world.relay_log();
  for (const Delivered& letter : letters) {
    EXPECT_EQ(letter.key, "culprit");
    EXPECT_THAT(letter.header("outrider.reason"), HasSubstr(culprit.reason));
  }
  EXPECT_THAT(
      world.relay_log(),
      ContainsRegex("bad event [0-9A-F/]+:20 .id \"00000000-0000-0000-0000-000000000bad\""));
  world.wait_published(41 + letters.size());
  EXPECT_EQ(world.metric("outrider_events_skipped_total", "reason=\"bad\""),
            policy == "skip" ? 1 : 0);
}

INSTANTIATE_TEST_SUITE_P(Broker, RejectedBatch,
                         ::testing::Values(std::tuple("skip", culprits()[0]),
                                           std::tuple("dead_letter", culprits()[0]),
                                           std::tuple("dead_letter", culprits()[1])),
                         [](const auto& test) {
                           return std::get<0>(test.param) + "_" + std::get<1>(test.param).name;
                         });

}  // namespace
}  // namespace outrider::testing
