#include "connectors/postgres/repair_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The slot holds the log from 500 to 1000; delivered is up to 600.
struct Case {
  Case() {
    options.slot = "outrider_orders";
    options.publication = "outrider_orders";
    system.system_id = 77;
    system.timeline = 1;
    system.database = *Identifier::from("shop");
    server.wal_end = Lsn{1000};
    server.slot = SlotFacts{};
    server.slot->confirmed_flush = Lsn{500};
    server.publication = PublicationFacts{.publishes_insert = true, .tables = {}, .digest = 5};
    checkpoint.system_id = 77;
    checkpoint.timeline = 1;
    checkpoint.database = system.database;
    checkpoint.slot = *Identifier::from(options.slot);
    checkpoint.end_lsn = Lsn{600};
    checkpoint.last = {.end_lsn = Lsn{590}, .xid = 9, .commit_time_us = 1};
    checkpoint.publication_digest = 5;
  }
  StartFacts facts() const {
    return {.options = options, .system = system, .server = server, .setup = setup};
  }

  Options options;
  SystemIdentity system;
  ServerFacts server;
  std::optional<SetupFacts> setup;
  PostgresPosition checkpoint;
};

std::string problem(const Result<Repair>& repair) {
  if (repair) return "";
  EXPECT_NE(repair.error().hint, "");
  return repair.error().what;
}

TEST(AcceptGap, ChangesNothingWithoutAGap) {
  const Case at;
  EXPECT_FALSE(accept_gap(at.facts(), at.checkpoint)->to);
  EXPECT_FALSE(accept_gap(at.facts(), std::nullopt)->to);
}

TEST(AcceptGap, GoesOnWhereTheSlotBeginsAndAStartAcceptsIt) {
  Case at;
  at.server.slot->confirmed_flush = Lsn{700};
  const Result<Repair> repair = accept_gap(at.facts(), at.checkpoint);
  ASSERT_TRUE(repair && repair->to);
  EXPECT_EQ(repair->to->end_lsn, Lsn{700});
  EXPECT_THAT(repair->consequences, ElementsAre(HasSubstr("between 0/258 and 0/2BC (100 bytes")));
  EXPECT_EQ(decide_start(at.facts(), true, *repair->to)->from.end_lsn, Lsn{700});
}

TEST(AcceptGap, KeepsAPartOfATransactionOnlyIfTheSlotSaysThatTransactionAgain) {
  Case at;
  at.server.slot->confirmed_flush = Lsn{700};
  at.checkpoint.partial = {.final_lsn = Lsn{800}, .xid = 3, .events_done = 4};
  EXPECT_EQ(accept_gap(at.facts(), at.checkpoint)->to->partial, at.checkpoint.partial);
  at.checkpoint.partial.final_lsn = Lsn{650};
  const Result<Repair> repair = accept_gap(at.facts(), at.checkpoint);
  EXPECT_TRUE(repair->to->partial.none());
  EXPECT_THAT(repair->consequences,
              ElementsAre(HasSubstr("not delivered"), HasSubstr("only the first 4 events")));
}

TEST(AcceptGap, KeepsThePlaceWhereOnlyThePublicationIsAnother) {
  Case at;
  at.server.publication->digest = 6;
  const Result<Repair> repair = accept_gap(at.facts(), at.checkpoint);
  ASSERT_TRUE(repair && repair->to);
  EXPECT_EQ(repair->to->end_lsn, Lsn{600});
  EXPECT_EQ(repair->to->last, at.checkpoint.last);
  EXPECT_EQ(repair->to->publication_digest, 6U);
  EXPECT_TRUE(decide_start(at.facts(), true, *repair->to));
}

TEST(AcceptGap, IsNoRemedyForAnotherHistoryOrAnotherOwner) {
  Case at;
  at.server.slot->confirmed_flush = Lsn{700};
  Case restored = at;
  restored.checkpoint.end_lsn = Lsn{2000};
  EXPECT_THAT(problem(accept_gap(restored.facts(), restored.checkpoint)),
              HasSubstr("the server's log ends at"));
  Case failed_over = at;
  failed_over.system.timeline = 2;
  failed_over.system.timeline_history = "1\t0/200\tno recovery target specified\n";
  EXPECT_THAT(problem(accept_gap(failed_over.facts(), failed_over.checkpoint)),
              HasSubstr("is not in the history"));
  Case foreign = at;
  foreign.checkpoint.system_id = 78;
  EXPECT_THAT(problem(accept_gap(foreign.facts(), foreign.checkpoint)),
              HasSubstr("another database cluster"));
}

TEST(Adopt, TakesOverFromAnotherClusterOrHistoryAndAStartAcceptsIt) {
  Case foreign;
  foreign.checkpoint.system_id = 78;
  Case restored;
  restored.checkpoint.end_lsn = Lsn{2000};
  Case failed_over;
  failed_over.system.timeline = 2;
  failed_over.system.timeline_history = "1\t0/200\tno recovery target specified\n";
  for (const Case& each : {foreign, restored, failed_over}) {
    EXPECT_FALSE(check_identity(each.options, each.system, each.checkpoint) &&
                 check_history(each.facts(), each.checkpoint));
    const Result<Repair> repair = adopt(each.facts(), each.checkpoint);
    ASSERT_TRUE(repair && repair->to);
    EXPECT_EQ(repair->to->end_lsn, Lsn{500});
    EXPECT_TRUE(check_identity(each.options, each.system, *repair->to));
    EXPECT_TRUE(decide_start(each.facts(), true, *repair->to));
  }
}

TEST(Adopt, RefusesTheCheckpointOfAnotherDatabaseOrSlotAndAMereGap) {
  Case database;
  database.checkpoint.database = *Identifier::from("other");
  EXPECT_THAT(problem(adopt(database.facts(), database.checkpoint)),
              HasSubstr("another database: other"));
  Case slot;
  slot.checkpoint.slot = *Identifier::from("other");
  EXPECT_THAT(problem(adopt(slot.facts(), slot.checkpoint)), HasSubstr("another slot: other"));
  Case gap;
  gap.server.slot->confirmed_flush = Lsn{700};
  EXPECT_THAT(problem(adopt(gap.facts(), gap.checkpoint)), HasSubstr("the slot begins after it"));
}

TEST(SetPosition, GoesBackWithinTheSlotAndSaysWhatRepeats) {
  const Case at;
  const Result<Repair> repair = set_position(at.facts(), at.checkpoint, Lsn{550});
  ASSERT_TRUE(repair && repair->to);
  EXPECT_EQ(repair->to->end_lsn, Lsn{550});
  EXPECT_TRUE(repair->to->last.none());
  EXPECT_FALSE(repair->advances_slot);
  EXPECT_THAT(repair->consequences,
              ElementsAre(HasSubstr("(50 bytes of log) are delivered again")));
}

TEST(SetPosition, GoesForwardWithTheSlotSoThatNothingInBetweenIsDecoded) {
  const Case at;
  const Result<Repair> repair = set_position(at.facts(), at.checkpoint, std::nullopt);
  ASSERT_TRUE(repair && repair->to);
  EXPECT_EQ(repair->to->end_lsn, Lsn{1000});
  EXPECT_TRUE(repair->advances_slot);
  EXPECT_THAT(repair->consequences, ElementsAre(HasSubstr("are not delivered")));
}

TEST(SetPosition, TakesOnlyWhatTheSlotHoldsAndOnlyItsOwnHistory) {
  Case at;
  EXPECT_THAT(problem(set_position(at.facts(), at.checkpoint, Lsn{499})), HasSubstr("0/1F3"));
  EXPECT_THAT(problem(set_position(at.facts(), at.checkpoint, Lsn{1001})), HasSubstr("0/3E9"));
  at.checkpoint.end_lsn = Lsn{2000};
  EXPECT_THAT(problem(set_position(at.facts(), at.checkpoint, Lsn{600})),
              HasSubstr("the server's log ends at"));
}

}  // namespace
}  // namespace outrider::postgres
