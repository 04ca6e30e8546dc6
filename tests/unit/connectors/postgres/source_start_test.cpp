// How the source becomes the owner of its slot and begins to stream.
#include "tests/unit/connectors/postgres/source_world.h"

#include <nlohmann/json.hpp>

namespace outrider::postgres {
namespace {

using namespace outrider::testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = Connection::Kind;

TEST(SourceStart, StandsByWhileTheLockIsHeldAndMakesNoReplicationConnection) {
  SourceWorld world;
  world.server.facts["lock_held"] = true;
  for (int second = 0; second < 60; ++second) {
    ASSERT_EQ(world.acquire(), "standby");
    world.pass(1s);
  }
  EXPECT_EQ(world.server.connections(Kind::Ordinary), 1U);
  EXPECT_EQ(world.server.connections(Kind::Replication), 0U);
  EXPECT_EQ(world.server.queries_with("pg_try_advisory_lock"), 0U);
  EXPECT_EQ(world.server.queries().size(), 60U);
}

TEST(SourceStart, AStandbyLooksOnceASecond) {
  SourceWorld world;
  world.server.facts["lock_held"] = true;
  ASSERT_EQ(world.acquire(), "standby");
  EXPECT_EQ(world.sleeps(), 1s);
  world.pass(999ms);
  ASSERT_EQ(world.acquire(), "standby");
  EXPECT_EQ(world.server.queries().size(), 1U);
  world.pass(1ms);
  ASSERT_EQ(world.acquire(), "standby");
  EXPECT_EQ(world.server.queries().size(), 2U);
}

TEST(SourceStart, TakesOverWhenTheLockIsFree) {
  SourceWorld world;
  world.server.facts["lock_held"] = true;
  ASSERT_EQ(world.acquire(), "standby");
  world.server.facts["lock_held"] = false;
  EXPECT_EQ(world.acquire(), "standby");
  world.pass(1s);
  EXPECT_EQ(world.acquire(), "held");
  EXPECT_THAT(world.server.stream().queries,
              ElementsAre(StartsWith("select pg_try_advisory_lock("), "IDENTIFY_SYSTEM"));
}

TEST(SourceStart, AsksADatabaseOfUnknownEncodingNotToCheckItsText) {
  SourceWorld world;
  world.server.facts["server_encoding"] = "SQL_ASCII";
  ASSERT_EQ(world.acquire(), "held");
  EXPECT_THAT(world.server.stream().queries.front(),
              StartsWith("set client_encoding to 'SQL_ASCII'; select pg_try_advisory_lock("));
}

TEST(SourceStart, AStandbyWhoseConnectionEndsIsNoStandbyAnyMore) {
  SourceWorld world;
  world.server.facts["lock_held"] = true;
  ASSERT_EQ(world.acquire(), "standby");
  world.server.watch().ended = shutdown_error();
  EXPECT_THAT(world.acquire(), AllOf(StartsWith("unavailable"), HasSubstr("57P01")));
}

TEST(SourceStart, WhoeverLosesTheRaceForTheLockStandsBy) {
  SourceWorld world;
  world.server.answer("pg_try_advisory_lock", one_row({"f", "99"}));
  EXPECT_EQ(world.acquire(), "standby");
  EXPECT_FALSE(world.server.stream().open);
  EXPECT_EQ(world.server.queries_with("IDENTIFY_SYSTEM"), 0U);
  EXPECT_EQ(world.sleeps(), 1s);
}

TEST(SourceStart, WithoutAFreeWalsenderItStandsByAndSaysSoOnce) {
  SourceWorld world;
  world.server.refusals[Kind::Replication] =
      sql_error("number of requested standby connections exceeds max_wal_senders", "53300");
  EXPECT_EQ(world.acquire(), "standby");
  const Notices notices = world.source.take_notices();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].severity, Notice::Severity::Warning);
  EXPECT_THAT(notices[0].what, AllOf(HasSubstr("max_wal_senders"), HasSubstr("standing by")));
  EXPECT_THAT(notices[0].hint, HasSubstr("raise max_wal_senders"));
  for (int second = 0; second < 5; ++second) {
    world.pass(1s);
    EXPECT_EQ(world.acquire(), "standby");
  }
  EXPECT_THAT(world.source.take_notices(), ::testing::IsEmpty());
  world.server.refusals.clear();
  world.pass(1s);
  EXPECT_EQ(world.acquire(), "held");
}

TEST(SourceStart, AServerThatCannotBeReachedIsUnavailable) {
  SourceWorld world;
  world.server.refusals[Kind::Ordinary] = sql_error("connection refused", "");
  EXPECT_THAT(world.acquire(), StartsWith("unavailable: acquire slot \"outrider_orders\": "));
}

TEST(SourceStart, ASlotThatAnotherClientReadsIsUnavailableWithItsPid) {
  SourceWorld world;
  world.server.facts["slot"]["active"] = true;
  world.server.facts["slot"]["active_pid"] = 555;
  EXPECT_THAT(world.acquire(), AllOf(StartsWith("unavailable"), HasSubstr("PID 555")));
}

TEST(SourceStart, FactsThatForbidTheStartAreRefused) {
  const auto spoilt = [](const auto& spoil) {
    SourceWorld world;
    spoil(world.server.facts);
    return world.acquire();
  };
  EXPECT_THAT(spoilt([](nlohmann::json& facts) { facts["slot"] = nullptr; }),
              AllOf(StartsWith("refused"), HasSubstr("slot \"outrider_orders\" does not exist")));
  EXPECT_THAT(spoilt([](nlohmann::json& facts) { facts["publication"] = nullptr; }),
              AllOf(StartsWith("refused"), HasSubstr("publication")));
  EXPECT_THAT(
      spoilt([](nlohmann::json& facts) { facts["publication"]["tables"] = nlohmann::json(); }),
      AllOf(StartsWith("refused"), HasSubstr("does not cover")));
  EXPECT_THAT(spoilt([](nlohmann::json& facts) { facts["wal_level"] = "replica"; }),
              AllOf(StartsWith("refused"), HasSubstr("wal_level")));
  EXPECT_THAT(spoilt([](nlohmann::json& facts) { facts["in_recovery"] = true; }),
              AllOf(StartsWith("unavailable"), HasSubstr("standby")));
}

TEST(SourceStart, AStandbyIsNotAskedForItsTimelineBecauseAPromotionChangesIt) {
  SourceWorld world;
  world.server.facts["in_recovery"] = true;
  EXPECT_THAT(world.acquire(), AllOf(StartsWith("unavailable"), HasSubstr("standby")));
  EXPECT_EQ(world.server.queries_with("IDENTIFY_SYSTEM"), 0U);
}

TEST(SourceStart, ASlotOfAnotherDatabaseIsRefusedBeforeACheckpointIsMade) {
  SourceWorld world;
  world.server.facts["slot"]["database"] = "warehouse";
  EXPECT_THAT(world.acquire(), AllOf(StartsWith("refused"), HasSubstr("warehouse")));
}

TEST(SourceStart, TheFactsAreReadAgainUnderTheLock) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  EXPECT_THAT(world.server.queries(),
              ElementsAre(HasSubstr("json_build_object"), HasSubstr("pg_try_advisory_lock"),
                          "IDENTIFY_SYSTEM", HasSubstr("json_build_object")));
}

TEST(SourceStart, ReadsTheTimelinesHistoryOnlyWhereThereIsOne) {
  SourceWorld first;
  ASSERT_EQ(first.acquire(), "held");
  EXPECT_EQ(first.server.queries_with("TIMELINE_HISTORY"), 0U);

  SourceWorld third;
  third.server.answer("IDENTIFY_SYSTEM", one_row({"77", "3", "0/1000", "shop"}));
  third.server.answer("TIMELINE_HISTORY 3",
                      one_row({"00000003.history", "1\t0/C8\tx\n2\t0/12C\tx\n"}));
  ASSERT_EQ(third.acquire(), "held");
  EXPECT_EQ(third.server.queries_with("TIMELINE_HISTORY 3"), 1U);
  const auto plan = [&](std::uint64_t end_lsn) {
    return third.plan(SourceWorld::checkpoint(end_lsn));
  };
  EXPECT_EQ(plan(200), "0/C8");
  EXPECT_THAT(plan(201), AllOf(StartsWith("refused"), HasSubstr("is not in the history of the")));
}

TEST(SourceStart, AMissingHistoryFileStopsOnlyACheckpointOfAnotherTimeline) {
  SourceWorld world;
  world.server.answer("IDENTIFY_SYSTEM", one_row({"77", "3", "0/1000", "shop"}));
  world.server.answer(
      "TIMELINE_HISTORY 3",
      std::unexpected(sql_error("could not open file \"pg_wal/00000003.history\"", "58P01")));
  ASSERT_EQ(world.acquire(), "held");
  const auto plan = [&](std::uint32_t timeline) {
    PostgresPosition checkpoint = SourceWorld::checkpoint(200);
    checkpoint.timeline = timeline;
    return world.plan(checkpoint);
  };
  EXPECT_EQ(plan(3), "0/C8");
  EXPECT_THAT(plan(1),
              AllOf(StartsWith("refused"), HasSubstr("the history file of timeline 3 is missing")));
}

TEST(SourceStart, ComparesACheckpointOnlyWhileTheLockIsHeld) {
  SourceWorld world;
  world.server.facts["wal_end"] = "0/96";
  ASSERT_EQ(world.acquire(), "held");
  // Another instance took the lock and went on to 0/C8: that is no loss.
  world.server.stream().ended = shutdown_error();
  EXPECT_THAT(world.plan(SourceWorld::checkpoint(200)),
              AllOf(StartsWith("unavailable"), HasSubstr("the connection that holds the lock")));
}

TEST(SourceStart, WithoutAnAnswerOfTheConnectionOfTheLockNothingIsCompared) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.keep_silent("SELECT 1");
  EXPECT_EQ(world.plan(SourceWorld::checkpoint(200)), "working");
  world.pass(10s);
  EXPECT_THAT(world.plan(SourceWorld::checkpoint(200)), StartsWith("unavailable"));
}

TEST(SourceStart, ACheckpointBeyondTheLogIsRefusedUnderTheLock) {
  SourceWorld world;
  world.server.facts["wal_end"] = "0/96";
  ASSERT_EQ(world.acquire(), "held");
  EXPECT_THAT(world.plan(SourceWorld::checkpoint(200)),
              AllOf(StartsWith("refused"), HasSubstr("the server's log ends at 0/96")));
}

TEST(SourceStart, AForeignCheckpointIsNotAdmitted) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  PostgresPosition foreign = SourceWorld::checkpoint(100);
  EXPECT_TRUE(world.source.admit(foreign.pack()));
  foreign.system_id = 78;
  ASSERT_FALSE(world.source.admit(foreign.pack()));
  EXPECT_EQ(world.source.admit(foreign.pack()).error().kind, ErrorKind::Refused);
}

TEST(SourceStart, WhatSetupNotedMakesTheFirstStartAQuietOne) {
  SourceWorld world;
  world.server.facts["setup_table_readable"] = true;
  world.server.answer("from outrider.slot",
                      one_row({R"({"consistent_point": "0/64", "system_identifier": "77"})"}));
  ASSERT_EQ(world.acquire(), "held");
  EXPECT_EQ(world.plan(std::nullopt), "0/64, to be written first");
  EXPECT_THAT(world.source.take_notices(), ::testing::IsEmpty());
}

TEST(SourceStart, AdoptingAUsedSlotIsSaid) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  ASSERT_EQ(world.plan(std::nullopt), "0/64, to be written first");
  const Notices notices = world.source.take_notices();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_THAT(notices[0].what, HasSubstr("no checkpoint"));
}

TEST(SourceStart, BeginsAtTheSlotsPositionInBinary) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  ASSERT_EQ(world.start(SourceWorld::checkpoint(300)), "streaming");
  EXPECT_EQ(world.server.stream().queries.back(),
            "START_REPLICATION SLOT \"outrider_orders\" LOGICAL 0/64 (proto_version '1', "
            "publication_names '\"outrider_orders\"', binary 'true')");
}

TEST(SourceStart, ReadsTextWhenAColumnIsUnreadableInBinary) {
  SourceWorld world;
  world.server.facts["column_types"] = {25, 1700};
  ASSERT_EQ(world.acquire(), "held");
  ASSERT_EQ(world.start(SourceWorld::checkpoint(100)), "streaming");
  EXPECT_THAT(world.server.stream().queries.back(), Not(HasSubstr("binary")));
}

TEST(SourceStart, QuotesOddNames) {
  Options options = SourceWorld::usual_options();
  options.slot = "it's \"a\" slot";
  options.publication = "it's \"my\\own\", really";
  SourceWorld world(options);
  ASSERT_EQ(world.acquire(), "held");
  EXPECT_THAT(world.server.stream().queries[0], HasSubstr("hashtext('it''s \"a\" slot')"));
  ASSERT_EQ(world.start(SourceWorld::checkpoint(100)), "streaming");
  EXPECT_THAT(world.server.stream().queries.back(),
              AllOf(HasSubstr("SLOT \"it's \"\"a\"\" slot\" LOGICAL"),
                    HasSubstr("publication_names '\"it''s \"\"my\\own\"\", really\"'")));
}

TEST(SourceStart, TheSlotIsReadAgainAfterTheStartAndBeforeTheFirstEvent) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  const std::size_t before = world.server.watch().queries.size();
  world.server.keep_silent("json_build_object");
  EXPECT_EQ(world.start(SourceWorld::checkpoint(100)), "working");
  EXPECT_EQ(world.server.watch().queries.size(), before + 1);
  world.server.answer("json_build_object", one_row({world.server.facts.dump()}));
  EXPECT_EQ(world.start(SourceWorld::checkpoint(100)), "streaming");
}

TEST(SourceStart, ASlotThatMovedPastTheCheckpointMeanwhileIsRefused) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.facts["slot"]["confirmed_flush_lsn"] = "0/12D";
  EXPECT_THAT(world.start(SourceWorld::checkpoint(300)),
              AllOf(StartsWith("refused"), HasSubstr("was advanced to 0/12D")));
}

TEST(SourceStart, APublicationMadeAnewMeanwhileIsRefused) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.facts["publication"]["digest"] = "06";
  EXPECT_THAT(world.start(SourceWorld::checkpoint(300)),
              AllOf(StartsWith("refused"), HasSubstr("dropped, created or added anew")));
}

TEST(SourceStart, ASlotThatAnotherClientTookMeanwhileIsUnavailable) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  nlohmann::json taken = world.server.facts;
  taken["slot"]["active"] = true;
  taken["slot"]["active_pid"] = 555;
  world.server.answer("json_build_object", one_row({taken.dump()}));
  EXPECT_THAT(world.start(SourceWorld::checkpoint(300)),
              AllOf(StartsWith("unavailable"), HasSubstr("PID 555")));
}

TEST(SourceStart, AStartThatTheServerRefusesSaysWhy) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.answer("START_REPLICATION",
                      std::unexpected(sql_error("replication slot is active for PID 9", "55006")));
  EXPECT_THAT(world.start(SourceWorld::checkpoint(100)),
              "unavailable: start reading slot \"outrider_orders\": replication slot is active for "
              "PID 9 (SQLSTATE 55006)");
}

TEST(SourceStart, AStartWithoutACopyIsInterrupted) {
  SourceWorld world;
  ASSERT_EQ(world.acquire(), "held");
  world.server.answer("START_REPLICATION", Rows{});
  EXPECT_THAT(world.start(SourceWorld::checkpoint(100)), StartsWith("interrupted"));
}

TEST(SourceStart, AnswersOfTheWrongShapeAreInterruptions) {
  const auto answered = [](std::string part, const Rows& rows) {
    SourceWorld world;
    world.server.answer(std::move(part), rows);
    return world.acquire();
  };
  EXPECT_THAT(answered("json_build_object", Rows{}), StartsWith("interrupted"));
  EXPECT_THAT(answered("json_build_object", one_row({std::nullopt})), StartsWith("interrupted"));
  EXPECT_THAT(answered("json_build_object", one_row({"no json"})), StartsWith("interrupted"));
  EXPECT_THAT(answered("pg_try_advisory_lock", Rows{}), StartsWith("interrupted"));
  EXPECT_THAT(answered("pg_try_advisory_lock", one_row({"t", "x"})), StartsWith("interrupted"));
  EXPECT_THAT(answered("IDENTIFY_SYSTEM", Rows{}), StartsWith("interrupted"));
  EXPECT_THAT(answered("IDENTIFY_SYSTEM", one_row({"77", std::nullopt, "0/1", "shop"})),
              StartsWith("interrupted"));
}

}  // namespace
}  // namespace outrider::postgres
