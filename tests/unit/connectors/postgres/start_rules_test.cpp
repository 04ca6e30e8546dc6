#include "connectors/postgres/start_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

using ::testing::HasSubstr;

/// A server on which everything is in order, to be spoilt fact by fact.
struct Server {
  Server() {
    options.dsn = "dbname=shop";
    options.slot = "outrider_orders";
    options.publication = "outrider_orders";
    system.system_id = 77;
    system.timeline = 1;
    system.database = *Identifier::from("shop");
    facts.wal_level = "logical";
    facts.wal_end = Lsn{1000};
    facts.slot = SlotFacts{};
    facts.slot->plugin = "pgoutput";
    facts.slot->confirmed_flush = Lsn{500};
    facts.slot->wal_status = "reserved";
    facts.publication =
        PublicationFacts{.publishes_insert = true, .tables = {{"public", "outbox"}}, .digest = 5};
    checkpoint.system_id = 77;
    checkpoint.timeline = 1;
    checkpoint.database = system.database;
    checkpoint.slot = *Identifier::from(options.slot);
    checkpoint.end_lsn = Lsn{600};
    checkpoint.publication_digest = 5;
  }

  Result<StartDecision> decide(const std::optional<PostgresPosition>& found) const {
    return decide_start({.options = options, .system = system, .server = facts, .setup = setup},
                        true, found);
  }
  std::string refusal() const {
    const Result<StartDecision> decision = decide(checkpoint);
    if (decision) return "";
    EXPECT_EQ(decision.error().kind, ErrorKind::Refused);
    EXPECT_NE(decision.error().hint, "");
    return decision.error().what;
  }

  Options options;
  SystemIdentity system;
  ServerFacts facts;
  std::optional<SetupFacts> setup;
  PostgresPosition checkpoint;
};

std::string problem(const Result<void>& result) {
  if (result) return "";
  EXPECT_NE(result.error().hint, "") << result.error().what;
  return result.error().what;
}

TEST(StartRules, ResumesAtTheCheckpoint) {
  Server server;
  server.checkpoint.partial = {.final_lsn = Lsn{700}, .xid = 3, .events_done = 4};
  const Result<StartDecision> decision = server.decide(server.checkpoint);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->from, server.checkpoint);
  EXPECT_FALSE(decision->write_checkpoint);
}

TEST(StartRules, ASlotBeyondTheCheckpointIsAGap) {
  Server server;
  server.facts.slot->confirmed_flush = Lsn{601};
  EXPECT_THAT(server.refusal(), HasSubstr("was advanced or created anew: it begins at 0/259"));
  server.facts.slot->confirmed_flush = Lsn{600};
  EXPECT_EQ(server.refusal(), "");
}

TEST(StartRules, ACheckpointBeyondTheServersLogIsALostLog) {
  Server server;
  server.facts.wal_end = Lsn{599};
  EXPECT_THAT(server.refusal(), HasSubstr("the server's log ends at 0/257"));
  server.facts.wal_end = Lsn{650};
  server.checkpoint.partial = {.final_lsn = Lsn{700}, .xid = 3, .events_done = 4};
  EXPECT_THAT(server.refusal(), HasSubstr("delivered up to 0/2BC"));
}

TEST(StartRules, AnotherPublicationThanAtTheCheckpointIsRefused) {
  Server server;
  server.facts.publication->digest = 6;
  EXPECT_THAT(server.refusal(), HasSubstr("dropped, created or added anew"));
}

TEST(StartRules, AfterAFailoverTheCheckpointMustLieBeforeTheTimelinesParted) {
  Server server;
  server.system.timeline = 3;
  server.system.timeline_history = "1\t0/258\tno recovery target\n2\t0/300\tno recovery target\n";
  EXPECT_EQ(server.refusal(), "");
  ASSERT_TRUE(server.decide(server.checkpoint));
  EXPECT_EQ(server.decide(server.checkpoint)->from.timeline, 3U);
  server.checkpoint.end_lsn = Lsn{601};
  EXPECT_THAT(server.refusal(), HasSubstr("is not in the history of the server"));
  server.checkpoint.timeline = 4;
  EXPECT_THAT(server.refusal(), HasSubstr("is not in the history of the server"));
  server.checkpoint.timeline = 2;
  server.system.timeline_history = "garbage";
  EXPECT_THAT(server.refusal(), HasSubstr("is not in the history of the server"));
}

TEST(StartRules, ATransactionThatCommitsWhereTheTimelinesPartedIsNotInTheHistory) {
  Server server;
  server.system.timeline = 2;
  server.system.timeline_history = "1\t0/2BC\tno recovery target\n";
  server.checkpoint.partial = {.final_lsn = Lsn{699}, .xid = 3, .events_done = 4};
  EXPECT_EQ(server.refusal(), "");
  server.checkpoint.partial.final_lsn = Lsn{700};
  EXPECT_THAT(server.refusal(), HasSubstr("is not in the history of the server"));
}

TEST(StartRules, AMissingHistoryFileIsNamedOnlyWhereItIsNeeded) {
  Server server;
  server.system.timeline = 3;
  server.checkpoint.timeline = 3;
  EXPECT_EQ(server.refusal(), "");
  server.checkpoint.timeline = 2;
  EXPECT_THAT(server.refusal(), HasSubstr("the history file of timeline 3 is missing"));
  server.checkpoint.timeline = 4;
  EXPECT_THAT(server.refusal(), HasSubstr("is not in the history of the server"));
}

TEST(StartRules, TheFirstStartOnASlotFromSetupBeginsAtItsConsistentPoint) {
  Server server;
  server.setup = SetupFacts{.consistent_point = Lsn{500}, .system_id = 77};
  const Result<StartDecision> decision = server.decide(std::nullopt);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->from.end_lsn, Lsn{500});
  EXPECT_TRUE(decision->write_checkpoint);
  EXPECT_TRUE(decision->notices.empty());
}

TEST(StartRules, APositionMadeWithoutACheckpointKnowsWhereItsHistoryBegan) {
  Server server;
  const Result<StartDecision> decision = server.decide(std::nullopt);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->from.last, (PostgresPosition::Fingerprint{.end_lsn = Lsn{500}}));
  EXPECT_FALSE(decision->from.last.none());
  EXPECT_FALSE(decision->from.last.is_transaction());
  server.checkpoint.last = decision->from.last;
  server.facts.slot->confirmed_flush = Lsn{550};
  ASSERT_TRUE(server.decide(server.checkpoint));
  EXPECT_EQ(server.decide(server.checkpoint)->from.last, decision->from.last);
}

TEST(StartRules, RowsFromBeforeTheSlotAreNotPassedOverInSilence) {
  Server server;
  server.setup = SetupFacts{.consistent_point = Lsn{500}, .system_id = 77, .rows_before = 12};
  const Result<StartDecision> refused = server.decide(std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("up to 12 rows"));
  EXPECT_THAT(refused.error().hint, HasSubstr("on_first_start"));
  server.options.on_first_start = OnFirstStart::Ignore;
  EXPECT_TRUE(server.decide(std::nullopt));
}

TEST(StartRules, AUsedSlotWithoutCheckpointIsAdoptedWithAWarningOrRefused) {
  Server server;
  server.setup = SetupFacts{.consistent_point = Lsn{400}, .system_id = 77};
  const Result<StartDecision> adopted = server.decide(std::nullopt);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->from.end_lsn, Lsn{500});
  ASSERT_EQ(adopted->notices.size(), 1U);
  EXPECT_THAT(adopted->notices[0].what, HasSubstr("may have been sent before"));
  server.options.without_checkpoint = WithoutCheckpoint::Refuse;
  EXPECT_EQ(server.decide(std::nullopt).error().kind, ErrorKind::Refused);
}

TEST(StartRules, ACheckpointOfAnotherClusterDatabaseOrSlotIsForeign) {
  const Server server;
  EXPECT_EQ(problem(check_identity(server.options, server.system, server.checkpoint)), "");
  PostgresPosition foreign = server.checkpoint;
  foreign.system_id = 78;
  EXPECT_THAT(problem(check_identity(server.options, server.system, foreign)),
              HasSubstr("another database cluster: 78, this is 77"));
  foreign = server.checkpoint;
  foreign.database = *Identifier::from("other");
  EXPECT_THAT(problem(check_identity(server.options, server.system, foreign)),
              HasSubstr("another database: other, this is shop"));
  foreign = server.checkpoint;
  foreign.slot = *Identifier::from("other");
  EXPECT_THAT(problem(check_identity(server.options, server.system, foreign)),
              HasSubstr("another slot: other"));
}

TEST(StartRules, EveryMissingPreconditionNamesItsRemedy) {
  const auto spoilt = [](const auto& spoil) {
    Server server;
    spoil(server.facts);
    return problem(check_facts(server.options, server.facts));
  };
  EXPECT_EQ(spoilt([](ServerFacts&) {}), "");
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.wal_level = "replica"; }),
              HasSubstr("wal_level is \"replica\""));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.in_recovery = true; }), HasSubstr("standby"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.slot.reset(); }),
              HasSubstr("slot \"outrider_orders\" does not exist"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.slot->plugin = "wal2json"; }),
              HasSubstr("wal2json"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.slot->two_phase = true; }),
              HasSubstr("slot \"outrider_orders\" was created with two_phase"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.slot->wal_status = "lost"; }),
              HasSubstr("is lost"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.slot->invalidation_reason = "idle_timeout"; }),
              HasSubstr("idle_timeout"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.publication.reset(); }),
              HasSubstr("publication \"outrider_orders\" does not exist"));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.publication->tables.clear(); }),
              HasSubstr("does not cover table \"public\".\"outbox\""));
  EXPECT_THAT(spoilt([](ServerFacts& facts) { facts.publication->publishes_insert = false; }),
              HasSubstr("does not publish inserts"));
}

TEST(StartRules, ATableIsCoveredIfAllItsPartitionsArePublishedThroughIt) {
  Server server;
  const TableName root{"public", "outbox"};
  const TableName first{"public", "p1"};
  const TableName second{"public", "p2"};
  server.facts.partitions = {{first, root}, {second, root}};
  server.facts.publication->tables = {first, second, {"public", "other"}};
  EXPECT_EQ(problem(check_coverage(server.options, server.facts)), "");
  server.facts.publication->tables = {first};
  EXPECT_THAT(problem(check_coverage(server.options, server.facts)), HasSubstr("does not cover"));
  server.facts.publication->tables = {first, second};
  server.facts.partitions[1].is_published_alone = true;
  EXPECT_THAT(problem(check_coverage(server.options, server.facts)), HasSubstr("does not cover"));
}

TEST(StartRules, ASlotReadByAnotherClientIsNamed) {
  const Server server;
  SlotFacts slot;
  EXPECT_EQ(problem(check_not_active(server.options, slot, 0)), "");
  slot.active = true;
  slot.active_pid = 42;
  slot.active_application = "Debezium Streaming";
  EXPECT_EQ(problem(check_not_active(server.options, slot, 42)), "");
  EXPECT_THAT(problem(check_not_active(server.options, slot, 0)),
              HasSubstr("PID 42 (Debezium Streaming)"));
}

TEST(StartRules, ASlotAdvancedBetweenLookAndStartIsRefused) {
  Server server;
  server.facts.slot->active = true;
  server.facts.slot->active_pid = 9;
  EXPECT_EQ(problem(check_started(server.options, server.facts, server.checkpoint, 9)), "");
  server.facts.slot->confirmed_flush = Lsn{601};
  EXPECT_THAT(problem(check_started(server.options, server.facts, server.checkpoint, 9)),
              HasSubstr("was advanced to 0/259 while starting"));
}

TEST(StartRules, AStreamThatEndedBeforeItsSlotWasReadAgainIsUnavailable) {
  const Server server;
  const Result<void> started =
      check_started(server.options, server.facts, server.checkpoint, /*own_pid=*/9);
  EXPECT_THAT(problem(started), HasSubstr("the server ended the stream meanwhile"));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::Unavailable);
}

TEST(Catalog, ReadsTheFactsOfAServer) {
  const Result<ServerFacts> facts = parse_facts(R"({
    "wal_level": "logical", "in_recovery": false, "wal_end": "0/3E8", "lock_held": true,
    "slot": {"slot_name": "s", "plugin": "pgoutput", "database": "shop", "active": true,
             "active_pid": 12, "restart_lsn": "0/64", "confirmed_flush_lsn": "0/C8",
             "wal_status": "extended", "safe_wal_size": 4096, "two_phase": true, "active_application": "app"},
    "publication": {"inserts": true, "tables": [["public", "outbox"], ["a b", "C"]],
                    "digest": "00000000000000ffaaaaaaaaaaaaaaaa"},
    "setup_table_readable": true, "column_types": [25, 2950]})");
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->lock_held);
  EXPECT_EQ(facts->wal_end, Lsn{1000});
  ASSERT_TRUE(facts->slot);
  EXPECT_EQ(facts->slot->active_pid, 12);
  EXPECT_EQ(facts->slot->restart, Lsn{100});
  EXPECT_EQ(facts->slot->safe_wal_bytes, 4096);
  EXPECT_TRUE(facts->slot->two_phase);
  ASSERT_TRUE(facts->publication);
  EXPECT_EQ(facts->publication->digest, 255U);
  EXPECT_EQ(facts->publication->tables[1], (TableName{"a b", "C"}));
  EXPECT_EQ(facts->column_types, (std::vector<std::uint32_t>{25, 2950}));
}

TEST(Catalog, AnAnswerThatIsNoObjectIsAnError) {
  EXPECT_FALSE(parse_facts("[]"));
  EXPECT_FALSE(parse_facts("{"));
  EXPECT_FALSE(parse_setup(""));
  const Result<ServerFacts> empty = parse_facts("{}");
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->slot);
  EXPECT_FALSE(empty->publication);
}

TEST(Catalog, QuotesNamesAndTexts) {
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
}

}  // namespace
}  // namespace outrider::postgres
