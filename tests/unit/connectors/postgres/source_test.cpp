// The source while it streams: events, positions, warnings, the watch over the catalogs.
#include "tests/unit/connectors/postgres/source_world.h"

namespace outrider::postgres {
namespace {

using namespace outrider::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Source, SaysTheEventsOfTheStreamWithTheirPositions) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_begin(200, 7);
  world.send_row("a");
  EXPECT_EQ(world.read(), "a ");
  EXPECT_EQ(world.reached().end_lsn, Lsn{100});
  EXPECT_EQ(world.reached().partial.events_done, 1U);
  world.send_row("b");
  world.send_commit(200, 210);
  EXPECT_EQ(world.read(), "b commit ");
  EXPECT_EQ(world.reached().end_lsn, Lsn{210});
  EXPECT_EQ(world.reached().slot.view(), "outrider_orders");
}

TEST(Source, BeforeTheFirstEventThePositionIsThatOfTheStart) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(300));
  EXPECT_EQ(world.reached(), SourceWorld::checkpoint(300));
}

TEST(Source, AfterATableIsDescribedTheCatalogsAreLookedAtBeforeItsRowsAreSaid) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_begin(200, 7);
  world.send_row("a");
  const std::size_t looks = world.server.queries_with("json_build_object");
  EXPECT_EQ(world.read_until_null(), "");
  EXPECT_EQ(world.waits_for(world.server.stream()), "") << "it would wake for ever";
  EXPECT_EQ(world.tick(), "");
  EXPECT_EQ(world.server.queries_with("json_build_object"), looks + 1);
  EXPECT_EQ(world.read_until_null(), "") << "there is no answer yet";
  EXPECT_EQ(world.tick(), "");
  EXPECT_LE(world.sleeps(), 0s) << "what is already out of the socket wakes nobody";
  EXPECT_EQ(world.read_until_null(), "a ");
  EXPECT_GT(world.sleeps(), 0s);
}

TEST(Source, ALookThatWasUnderWayBeforeTheTableWasDescribedProvesNothing) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_TRUE(world.server.watch().unanswered);
  world.send_begin(200, 7);
  world.send_row("a");
  EXPECT_EQ(world.read_until_null(), "");
  EXPECT_EQ(world.tick(), "");
  EXPECT_EQ(world.read_until_null(), "");
  EXPECT_EQ(world.read(), "a ");
}

TEST(Source, RowsAfterAGapThatIsOverAreNotSaid) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  // The table left the publication and came back.
  world.server.facts["publication"]["digest"] = "06";
  world.send_transaction(200, 7, "a");
  EXPECT_THAT(world.read(), StartsWith("refused"));
}

TEST(Source, DropsWhatIsDeliveredAlready) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(300));
  world.send_transaction(200, 7, "old");
  world.send_transaction(400, 8, "new");
  EXPECT_EQ(world.read(), "new commit ");
}

TEST(Source, AnotherHistoryThanTheDeliveredOneIsRefused) {
  PostgresPosition checkpoint = SourceWorld::checkpoint(300);
  checkpoint.last = {.end_lsn = Lsn{210}, .xid = 7, .commit_time_us = 1};
  SourceWorld world;
  world.stream_from(checkpoint);
  world.send_transaction(200, 8, "other");
  EXPECT_THAT(world.read(), StartsWith("refused: the server's history is not the one"));
}

TEST(Source, KeepalivesAreIdlePositionsUrgentWhereTheServerAsks) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_keepalive(150);
  world.send_keepalive(160, true);
  EXPECT_EQ(world.read(), "idle idle! ");
  EXPECT_EQ(world.reached().end_lsn, Lsn{160});
}

TEST(Source, TheServersPublicationWarningIsRefusedBeforeTheRowIsUsed) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  world.server.stream().warnings = {"skipped loading publication \"outrider_orders\""};
  EXPECT_THAT(world.read(), StartsWith("refused: the server skips rows"));
}

TEST(Source, ThePublicationWarningIsKnownInEveryLanguage) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_transaction(200, 7, "a");
  world.server.stream().warnings = {
      "Laden der Publikation »outrider_orders« übersprungen (SQLSTATE 55000)"};
  EXPECT_THAT(world.read(), StartsWith("refused: the server skips rows"));
}

TEST(Source, OtherWarningsAreNotices) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.stream().warnings = {"collation version mismatch (SQLSTATE 01000)"};
  EXPECT_EQ(world.read(), "");
  const Notices notices = world.source.take_notices();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].severity, Notice::Severity::Warning);
  EXPECT_EQ(notices[0].what, "Postgres says: collation version mismatch (SQLSTATE 01000)");
  EXPECT_THAT(world.source.take_notices(), IsEmpty());
}

TEST(Source, WarningsOfTheWatchingConnectionAreNoticesAndNeverARefusal) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.watch().warnings = {"first (SQLSTATE 01000)", "second (SQLSTATE 55000)"};
  EXPECT_EQ(world.tick(), "");
  const Notices notices = world.source.take_notices();
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_EQ(notices[0].severity, Notice::Severity::Warning);
  EXPECT_EQ(notices[0].what, "Postgres says: first (SQLSTATE 01000)");
  EXPECT_EQ(notices[1].what, "Postgres says: second (SQLSTATE 55000)");
  EXPECT_THAT(world.server.watch().warnings, IsEmpty());
}

TEST(Source, WarningsBeforeTheEndOfTheStreamAreNotLost) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.stream().warnings = {"the disk is nearly full"};
  world.server.stream().ended = shutdown_error();
  EXPECT_THAT(world.read(), AllOf(StartsWith("unavailable"), HasSubstr("57P01")));
  EXPECT_EQ(world.source.take_notices().size(), 1U);
}

TEST(Source, LooksAtTheCatalogsEveryTenSeconds) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  const std::size_t before = world.server.watch().queries.size();
  for (int second = 0; second < 60; ++second) {
    ASSERT_EQ(world.tick(), "");
    world.pass(1s);
  }
  EXPECT_EQ(world.server.watch().queries.size(), before + 5);
}

TEST(Source, ATableThatIsNoLongerCoveredIsRefused) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.facts["publication"]["tables"] = nlohmann::json();
  world.pass(10s);
  EXPECT_EQ(world.tick(), "");
  EXPECT_THAT(world.tick(), AllOf(StartsWith("refused"), HasSubstr("does not cover table")));
}

TEST(Source, APublicationMadeAnewWhileStreamingIsRefused) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.facts["publication"]["digest"] = "06";
  world.pass(10s);
  EXPECT_EQ(world.tick(), "");
  EXPECT_THAT(world.tick(), AllOf(StartsWith("refused"), HasSubstr("added anew")));
}

TEST(Source, ACatalogQueryWithoutAnAnswerIsUnavailableAndSpinsNotUntilThen) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.keep_silent("json_build_object");
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  EXPECT_GT(world.sleeps(), 1s);
  for (int i = 0; i < 29; ++i) {
    world.pass(1s);
    ASSERT_EQ(world.tick(), "");
    EXPECT_GT(world.sleeps(), 0s);
  }
  world.pass(1s);
  EXPECT_THAT(world.tick(), AllOf(StartsWith("unavailable"), HasSubstr("catalog query")));
}

TEST(Source, TheEndOfTheWatchingConnectionEndsTheStreamAtOnce) {
  SourceWorld idle;
  idle.stream_from(SourceWorld::checkpoint(100));
  idle.server.watch().ended = shutdown_error();
  EXPECT_THAT(idle.tick(), AllOf(StartsWith("unavailable"), HasSubstr("57P01")));
  idle.source.release();
  EXPECT_FALSE(idle.server.stream().open);

  SourceWorld busy;
  busy.stream_from(SourceWorld::checkpoint(100));
  busy.server.keep_silent("json_build_object");
  busy.pass(10s);
  ASSERT_EQ(busy.tick(), "");
  busy.server.watch().ended = shutdown_error();
  EXPECT_THAT(busy.tick(), StartsWith("unavailable"));
}

TEST(Source, WaitsForStreamAndCatalogs) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  EXPECT_EQ(world.waits_for(world.server.stream()), "r");
  EXPECT_EQ(world.waits_for(world.server.watch()), "r");
  EXPECT_EQ(world.sleeps(), 10s);
}

TEST(Source, WithoutRoomInTheSinkTheStreamIsNotWaitedFor) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  EXPECT_EQ(world.waits_for(world.server.stream(), Source::Reading::No), "");
  EXPECT_EQ(world.waits_for(world.server.watch(), Source::Reading::No), "r");
  world.server.stream().unsent = true;
  EXPECT_EQ(world.waits_for(world.server.stream(), Source::Reading::No), "w");
}

TEST(Source, WhatWaitsToBeSentGoesOutAlsoWhileNothingIsRead) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.server.stream().socket_is_full = true;
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_EQ(world.waits_for(world.server.stream(), Source::Reading::No), "w");
  world.server.stream().socket_is_full = false;
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(world.waits_for(world.server.stream(), Source::Reading::No), "");
}

TEST(Source, WaitsForMuchAtOnceOnlyWhileMuchArrives) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  world.send_begin(200, 7);
  world.send_row(std::string(64UL * 1024, 'x'));
  static_cast<void>(world.read());
  world.pass(5ms);
  ASSERT_EQ(world.tick(), "");
  EXPECT_TRUE(world.server.stream().behind);
  EXPECT_EQ(world.sleeps(), 2ms);
  EXPECT_GT(world.sleeps(Source::Reading::No), 1s);
  world.pass(2ms);
  ASSERT_EQ(world.tick(), "");
  EXPECT_TRUE(world.server.stream().behind);
  world.pass(3ms);
  ASSERT_EQ(world.tick(), "");
  EXPECT_FALSE(world.server.stream().behind);
  EXPECT_GT(world.sleeps(), 100ms);
}

TEST(Source, CountsWhatItDoes) {
  SourceWorld world;
  nlohmann::json& slot = world.server.facts["slot"];
  slot["safe_wal_size"] = 4096;
  world.stream_from(SourceWorld::checkpoint(300));
  const SourceCounters& counters = world.source.counters();
  EXPECT_EQ(counters.connects, 2U);
  EXPECT_EQ(counters.server_position, 0x1000U);
  EXPECT_EQ(counters.retained_bytes, 0x1000U - 0x50U);
  EXPECT_EQ(counters.safe_bytes, 4096U);
  EXPECT_EQ(counters.slot_status, "reserved");
  EXPECT_EQ(counters.confirmed_position, 100U);
  EXPECT_EQ(counters.feedback_sent, 1U);
  world.send_keepalive(350);
  world.send_keepalive(400, true);
  static_cast<void>(world.read());
  EXPECT_EQ(counters.bytes_received, 36U);
  EXPECT_EQ(counters.keepalives, 2U);
  EXPECT_EQ(counters.received_position, 400U);
  ASSERT_EQ(world.confirm(SourceWorld::checkpoint(400)), "");
  EXPECT_EQ(counters.acked_position, 400U);
  EXPECT_EQ(counters.confirmed_position, 100U);
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(counters.confirmed_position, 400U);
  slot["wal_status"] = "extended";
  slot["safe_wal_size"] = -5;
  slot["restart_lsn"] = nullptr;
  world.pass(10s);
  ASSERT_EQ(world.tick(), "");
  ASSERT_EQ(world.tick(), "");
  EXPECT_EQ(counters.slot_status, "extended");
  EXPECT_EQ(counters.safe_bytes, 0U);
  EXPECT_EQ(counters.retained_bytes, std::nullopt);
}

TEST(Source, TellsWhenTheServerSpokeLastByTheServersClock) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  EXPECT_EQ(world.source.counters().last_message, WallTime{});
  world.send_keepalive(150);
  const WallTime sent = world.now.wall;
  world.pass(3s);
  static_cast<void>(world.read());
  EXPECT_EQ(world.source.counters().last_message, sent);
  world.send_begin(200, 7);
  static_cast<void>(world.read());
  EXPECT_EQ(world.source.counters().last_message, world.now.wall);
}

TEST(Source, TellsHowFarTheServersClockIsAheadUnlessTheServerIsAway) {
  SourceWorld world;
  world.stream_from(SourceWorld::checkpoint(100));
  EXPECT_EQ(world.source.counters().clock_skew, std::nullopt);
  world.pass(10s);
  const WallTime server = world.now.wall + 2s;
  world.server.facts["clock"] = server.time_since_epoch().count();
  ASSERT_EQ(world.tick() + world.tick(), "");
  EXPECT_EQ(world.source.counters().clock_skew, std::chrono::microseconds(2s));
  world.source.release();
  world.server.refusals.emplace(SourceWorld::Kind::Ordinary, shutdown_error());
  EXPECT_THAT(world.acquire(), StartsWith("unavailable"));
  EXPECT_EQ(world.source.counters().clock_skew, std::nullopt);
}

/// With a slot of which everything is known.
struct SlotWorld : SourceWorld {
  SlotWorld() {
    server.facts["slot"]["safe_wal_size"] = 4096;
    server.facts["slot"]["failover"] = true;
    stream_from(checkpoint(100));
    EXPECT_EQ(source.counters().slot_failover, true);
    source.release();
    EXPECT_EQ(source.counters().slot_status, "reserved") << "a new connection will tell";
  }
  void expect_nothing_known() {
    const SourceCounters& counters = source.counters();
    EXPECT_EQ(counters.slot_status, "");
    EXPECT_EQ(counters.slot_failover, std::nullopt);
    EXPECT_EQ(counters.retained_bytes, std::nullopt);
    EXPECT_EQ(counters.safe_bytes, std::nullopt);
  }
};

TEST(Source, NothingIsKnownOfASlotThatIsGone) {
  SlotWorld world;
  world.server.facts["slot"] = nullptr;
  EXPECT_THAT(world.acquire(), StartsWith("refused"));
  world.expect_nothing_known();
}

TEST(Source, NothingIsKnownOfTheSlotWhileTheServerRefusesConnections) {
  SlotWorld world;
  world.server.refusals.emplace(SourceWorld::Kind::Ordinary, shutdown_error());
  EXPECT_THAT(world.acquire(), StartsWith("unavailable"));
  world.expect_nothing_known();
}

TEST(Source, NothingIsKnownOfTheSlotWhileTheServerDoesNotAnswer) {
  SlotWorld world;
  world.server.unreachable[SourceWorld::Kind::Ordinary] = true;
  EXPECT_EQ(world.acquire(), "working");
  world.pass(10s);
  EXPECT_THAT(world.acquire(), StartsWith("unavailable"));
  world.expect_nothing_known();
}

TEST(Source, NothingIsKnownOfTheSlotOnceACatalogQueryFails) {
  SlotWorld world;
  world.server.answer("json_build_object", std::unexpected(shutdown_error()));
  EXPECT_THAT(world.acquire(), StartsWith("unavailable"));
  world.expect_nothing_known();
}

TEST(Source, ALostSlotStaysKnownAsLost) {
  SlotWorld world;
  world.server.facts["slot"]["wal_status"] = "lost";
  EXPECT_THAT(world.acquire(), StartsWith("refused"));
  world.source.release();
  EXPECT_EQ(world.source.counters().slot_status, "lost");
}

TEST(Source, AStandbySeesTheSlotAndHowFarItsOwnerIs) {
  SourceWorld world;
  world.server.facts["lock_held"] = true;
  ASSERT_EQ(world.acquire(), "standby");
  const SourceCounters& counters = world.source.counters();
  EXPECT_EQ(counters.slot_status, "reserved");
  EXPECT_EQ(counters.acked_position, 0x64U);
  world.server.facts["slot"]["confirmed_flush_lsn"] = "0/200";
  world.pass(1s);
  ASSERT_EQ(world.acquire(), "standby");
  EXPECT_EQ(counters.acked_position, 0x200U);
  EXPECT_EQ(counters.confirmed_position, 0x200U);
}

}  // namespace
}  // namespace outrider::postgres
