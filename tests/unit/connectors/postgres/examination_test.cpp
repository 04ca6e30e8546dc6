#include "connectors/postgres/examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace outrider::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Severity = Finding::Severity;

const TableName kOutbox{"public", "outbox"};

TableFacts table_of(const TableName& name) {
  using enum Value::Kind;
  return {.described = {.schema = name.schema,
                        .name = name.name,
                        .columns = {"id", "payload", "more"},
                        .kinds = {Text, Bytes, Text}}};
}

Result<void> needs_payload(const Table& table) {
  const auto at = std::ranges::find(table.columns, "payload");
  if (at == table.columns.end()) {
    return failure(ErrorKind::Misconfigured, table.name + " has no payload", "add it");
  }
  const auto index = static_cast<std::size_t>(at - table.columns.begin());
  if (table.kinds[index] == Value::Kind::Bytes) return {};
  return failure(ErrorKind::Misconfigured, "its payload is no bytea", "change its type");
}

/// A server on which everything is in order, to be spoilt fact by fact.
struct Server {
  Server() {
    options.slot = "orders";
    options.publication = "orders";
    around.version = 170'004;
    around.version_text = "17.4";
    around.database = "shop";
    around.role = "relay";
    around.can_replicate = true;
    around.backend_pid = 7;
    around.slots_max = 10;
    around.senders_max = 10;
    around.keep_megabytes = 1024;
    around.tables = {table_of(kOutbox)};
    around.published = {{.name = kOutbox, .row_filter = "", .columns = {"id", "payload", "more"}}};
    facts.wal_level = "logical";
    facts.slot = SlotFacts{};
    facts.slot->plugin = "pgoutput";
    facts.slot->database = "shop";
    facts.slot->wal_status = "reserved";
    facts.slot->failover = true;
    facts.publication = PublicationFacts{.publishes_insert = true, .tables = {kOutbox}};
  }

  Findings findings() const {
    return examine({.options = options,
                    .table_rule = rule,
                    .surroundings = around,
                    .facts = facts,
                    .sslmode = sslmode,
                    .known_pid = known_pid,
                    .clock_difference = clock_difference,
                    .clock_doubt = clock_doubt,
                    .written_bytes = written_bytes,
                    .written_in = 2s});
  }
  std::vector<std::string> said(Severity severity) const {
    std::vector<std::string> texts;
    for (const Finding& finding : findings()) {
      if (finding.severity == severity) texts.push_back(finding.what);
    }
    return texts;
  }
  std::vector<std::string> errors() const { return said(Severity::Error); }
  std::vector<std::string> warnings() const { return said(Severity::Warning); }
  std::vector<std::string> notes() const { return said(Severity::Note); }

  Options options;
  TableRule rule = needs_payload;
  Surroundings around;
  ServerFacts facts;
  std::string sslmode;
  std::int64_t known_pid = 7;
  Duration clock_difference = 0s;
  Duration clock_doubt = 0s;
  std::uint64_t written_bytes = 0;
};

TEST(Examination, FindsNothingOnAServerThatIsInOrder) {
  EXPECT_THAT(Server().findings(), IsEmpty());
}

TEST(Examination, FindsAllErrorsAtOnceEachWithItsRemedy) {
  Server server;
  server.facts.in_recovery = true;
  server.facts.wal_level = "replica";
  server.around.can_replicate = false;
  server.around.tables[0].described.columns = {"id", "body"};
  server.facts.publication->publishes_insert = false;
  server.facts.slot->plugin = "test_decoding";
  EXPECT_THAT(server.errors(),
              ElementsAre("the server is a standby", "wal_level is \"replica\", not \"logical\"",
                          "role \"relay\" lacks REPLICATION", "outbox has no payload",
                          "publication \"orders\" does not publish inserts",
                          "slot \"orders\" uses the plugin \"test_decoding\", not pgoutput"));
  for (const Finding& finding : server.findings()) EXPECT_NE(finding.remedy, "") << finding.what;
}

TEST(Examination, SaysOnceThatATableIsMissing) {
  Server server;
  server.around.tables.clear();
  server.facts.publication->tables.clear();
  EXPECT_THAT(server.errors(), ElementsAre("table \"public\".\"outbox\" does not exist"));
}

TEST(Examination, FindsTablesWhoseRowsNeverReachTheLog) {
  Server server;
  server.around.tables[0].is_unlogged = true;
  EXPECT_THAT(server.errors(), ElementsAre(HasSubstr("is unlogged")));
  server.around.tables[0].is_table = false;
  EXPECT_THAT(server.errors(), ElementsAre(HasSubstr("is not a table")));
}

TEST(Examination, FindsAColumnWhoseTypeTheMapperDoesNotTake) {
  Server server;
  server.around.tables[0].described.kinds[1] = Value::Kind::Text;
  EXPECT_THAT(server.errors(), ElementsAre("its payload is no bytea"));
}

TEST(Examination, KeepsTheTypesOfTheColumnsThatThePublicationSends) {
  Server server;
  server.around.published[0].columns = {"more", "payload"};
  EXPECT_THAT(server.errors(), IsEmpty());
}

TEST(Examination, FindsWhatThePublicationLeavesOut) {
  Server server;
  server.around.published[0].row_filter = "(type = 'a')";
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("only rows of \"public\".\"outbox\" WHERE "
                                                       "(type = 'a')")));
  server.around.published[0].columns = {"id"};
  EXPECT_THAT(server.errors(), ElementsAre("publication \"orders\" leaves out columns: outbox has "
                                           "no payload"));
  server.facts.publication.reset();
  server.around.published.clear();
  EXPECT_THAT(server.errors(), ElementsAre("publication \"orders\" does not exist"));
}

TEST(Examination, NamesEveryTableThatIsNotCovered) {
  Server server;
  const TableName other{"billing", "outbox"};
  server.options.tables = {kOutbox, other};
  server.around.tables.push_back(table_of(other));
  server.facts.publication->tables.clear();
  EXPECT_THAT(server.errors(), ElementsAre(HasSubstr("not cover table \"public\".\"outbox\""),
                                           HasSubstr("not cover table \"billing\".\"outbox\"")));
}

TEST(Examination, SaysThatNoSlotIsLeft) {
  Server server;
  server.facts.slot.reset();
  EXPECT_THAT(server.errors(), ElementsAre("slot \"orders\" does not exist"));
  server.around.slots_used = server.around.slots_max;
  EXPECT_THAT(server.errors(), ElementsAre(HasSubstr("all 10 replication slots are in use")));
}

TEST(Examination, NotesARelayAndNamesAnyOtherReader) {
  Server server;
  server.facts.slot->active = true;
  server.facts.slot->active_pid = 12;
  EXPECT_THAT(server.errors(), ElementsAre(HasSubstr("PID 12")));
  server.facts.lock_held = true;
  server.facts.lock_holder = "PID 12 (outrider:orders)";
  server.around.senders_used = server.around.senders_max;
  EXPECT_THAT(server.errors(), IsEmpty());
  EXPECT_THAT(server.notes(), ElementsAre("a relay is active: PID 12 (outrider:orders)"));
}

TEST(Examination, SaysThatNoWalsenderIsLeft) {
  Server server;
  server.around.senders_used = server.around.senders_max;
  EXPECT_THAT(server.errors(), ElementsAre("all 10 walsenders are in use"));
}

TEST(Examination, SaysWhatAFailoverDoesToTheSlot) {
  Server server;
  server.facts.slot->failover = false;
  EXPECT_THAT(server.warnings(), ElementsAre("slot \"orders\" is not kept over a failover to a "
                                             "standby"));
  server.facts.slot->failover.reset();
  server.around.version = 150'018;
  EXPECT_THAT(server.warnings(), IsEmpty());
  EXPECT_THAT(server.notes(), ElementsAre(HasSubstr("before PostgreSQL 17")));
}

TEST(Examination, TellsTheHoursUntilTheSlotIsLost) {
  Server server;
  constexpr std::int64_t kHour = 3600;
  server.facts.slot->safe_wal_bytes = 1'000'000 * kHour * 5;
  EXPECT_THAT(server.notes(), ElementsAre(HasSubstr("none was written")));
  server.written_bytes = 2'000'000;
  EXPECT_THAT(server.notes(), ElementsAre(AllOf(HasSubstr("5.0 hours"), HasSubstr("977 KiB/s"))));
  server.written_bytes = 3'000'000;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("3.3 hours")));
}

TEST(Examination, TellsWhenTheServerGivesTheSlotUpOrNever) {
  Server server;
  server.around.keep_megabytes = -1;
  server.facts.slot->safe_wal_bytes = 1;
  EXPECT_THAT(server.notes(), ElementsAre(HasSubstr("until the disk is full")));
  server.around.idle_slot_seconds = 3600;
  server.facts.slot->wal_status = "unreserved";
  EXPECT_THAT(server.warnings(),
              ElementsAre(HasSubstr("about to be lost"), HasSubstr("nobody reads for 3600 s")));
}

TEST(Examination, KnowsAPoolerByItsProcessNumbers) {
  Server server;
  server.known_pid = 8;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("connection pooler")));
}

TEST(Examination, WarnsOfAConnectionThatOthersCanReadOrAnswer) {
  Server server;
  server.around.is_local = false;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("is not encrypted")));
  server.around.is_encrypted = true;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("nothing verifies")));
  server.sslmode = "verify-full";
  EXPECT_THAT(server.warnings(), IsEmpty());
}

TEST(Examination, WarnsOnThisMachineOnlyOfTlsThatWasAskedForAndNotVerified) {
  Server server;
  server.around.is_encrypted = true;
  EXPECT_THAT(server.warnings(), IsEmpty());
  server.sslmode = "require";
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("nothing verifies")));
}

TEST(Examination, WarnsOfClocksThatDifferMoreThanTheWayExplains) {
  Server server;
  server.clock_difference = -1500ms;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("1.5 s behind")));
  server.clock_doubt = 1100ms;
  EXPECT_THAT(server.warnings(), IsEmpty());
  server.clock_difference = 10s;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("10.0 s ahead")));
}

TEST(Examination, WarnsOfARoleThatMayMoreThanARelayNeeds) {
  Server server;
  server.around.is_superuser = true;
  EXPECT_THAT(server.warnings(), ElementsAre(HasSubstr("is a superuser")));
}

TEST(Surroundings, TakeWhatIsMissingOrOfAnotherTypeForUnknown) {
  const Result<Surroundings> around = parse_surroundings(
      R"({"version": "x", "settings": {"max_wal_senders": 3}, "tables": [{"name": 1}],
          "published": null})");
  ASSERT_TRUE(around);
  EXPECT_EQ(around->version, 0);
  EXPECT_EQ(around->senders_max, 3);
  EXPECT_EQ(around->keep_megabytes, -1);
  EXPECT_EQ(around->tables.size(), 1U);
  EXPECT_FALSE(parse_surroundings("[]"));
}

TEST(Surroundings, DescribeTablesAsTheStreamWould) {
  const Result<Surroundings> around = parse_surroundings(
      R"({"tables": [{"schema": "public", "name": "outbox", "is_table": true, "columns":
          [{"name": "id", "type_oid": 2950}, {"name": "payload", "type_oid": 17}, 3,
           {"name": "created_at", "type_oid": 1184}]}]})");
  ASSERT_TRUE(around);
  const TableFacts& table = around->tables.at(0);
  EXPECT_EQ(table.name(), kOutbox);
  EXPECT_THAT(table.described.columns, ElementsAre("id", "payload", "created_at"));
  using enum Value::Kind;
  EXPECT_THAT(table.described.kinds, ElementsAre(Text, Bytes, Timestamp));
}

}  // namespace
}  // namespace outrider::postgres
