#include "connectors/postgres/stream_reader.h"

#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

using ::testing::HasSubstr;
using namespace outrider::testing;

constexpr std::uint32_t kOutbox = 16'400;

WallTime at(int seconds) { return WallTime{std::chrono::seconds(1'700'000'000 + seconds)}; }

/// A stream of bytes, and what a reader made of it.
class Stream {
 public:
  explicit Stream(const PostgresPosition& from, std::uint64_t confirmed_flush)
      : reader_(from, Lsn{confirmed_flush}) {}

  Stream& begin(std::uint64_t final_lsn, std::uint32_t xid, int seconds = 0) {
    final_lsn_ = final_lsn;
    committed_at_ = at(seconds);
    return say(begin_message(Lsn{final_lsn}, committed_at_, xid));
  }
  Stream& relation() {
    return say(relation_message(kOutbox, "public", "outbox", {{"id", 25}, {"payload", 25}}));
  }
  Stream& row(std::string_view id) { return say(insert_message(kOutbox, {{'t', id}, {'n', {}}})); }
  Stream& commit(std::uint64_t end_lsn) {
    return say(commit_message(Lsn{final_lsn_}, Lsn{end_lsn}, committed_at_));
  }
  Stream& message(bool transactional, std::uint64_t lsn) {
    return say(logical_message(transactional, Lsn{lsn}, "prefix", "content"));
  }
  Stream& keepalive(std::uint64_t wal_end, bool reply = false) {
    return read(outrider::testing::keepalive(Lsn{wal_end}, at(0), reply));
  }

  /// What was said so far, one word an event: row ids, "commit", "idle",
  /// "message".
  const std::string& said() const { return said_; }
  const std::string& error() const { return error_; }
  PostgresPosition position(Source::Edge edge = Source::Edge::After) const {
    return reader_.position(edge);
  }
  StreamReader& reader() { return reader_; }

 private:
  Stream& say(const std::string& message) { return read(xlog_data(Lsn{}, Lsn{}, at(0), message)); }
  Stream& read(const std::string& bytes) {
    if (!error_.empty()) return *this;
    const Result<const Event*> event = reader_.read(bytes);
    if (!event) {
      error_ = event.error().what;
      return *this;
    }
    if (const auto* row = std::get_if<RowInserted>(&(*event)->what)) {
      said_ += std::string(row->values[0].data) + " ";
    } else if (std::holds_alternative<Committed>((*event)->what)) {
      said_ += "commit ";
    } else if (std::holds_alternative<Idle>((*event)->what)) {
      said_ += "idle ";
    } else if (std::holds_alternative<LogicalMessage>((*event)->what)) {
      said_ += "message ";
    }
    return *this;
  }

  StreamReader reader_;
  std::uint64_t final_lsn_ = 0;
  WallTime committed_at_;
  std::string said_;
  std::string error_;
};

PostgresPosition from(std::uint64_t end_lsn) {
  PostgresPosition position;
  position.end_lsn = Lsn{end_lsn};
  return position;
}

PostgresPosition::Fingerprint fingerprint(std::uint64_t end_lsn, std::uint32_t xid, int seconds) {
  return {.end_lsn = Lsn{end_lsn},
          .xid = xid,
          .commit_time_us = at(seconds).time_since_epoch().count()};
}

TEST(StreamReader, SaysEveryRowWithThePositionAfterIt) {
  Stream stream(from(100), 100);
  stream.begin(200, 7).relation().row("a").row("b");
  EXPECT_EQ(stream.said(), "a b ");
  EXPECT_EQ(stream.position().end_lsn, Lsn{100});
  EXPECT_EQ(stream.position().partial,
            (PostgresPosition::Partial{.final_lsn = Lsn{200}, .xid = 7, .events_done = 2}));
  EXPECT_EQ(stream.position(Source::Edge::Before).partial.events_done, 1U);
  stream.commit(210);
  EXPECT_EQ(stream.said(), "a b commit ");
  EXPECT_EQ(stream.position().end_lsn, Lsn{210});
  EXPECT_TRUE(stream.position().partial.none());
  EXPECT_EQ(stream.position().last, fingerprint(210, 7, 0));
}

TEST(StreamReader, ThePositionBeforeTheFirstRowIsTheEndOfTheTransactionBefore) {
  Stream stream(from(100), 100);
  stream.begin(200, 7).relation().row("a");
  EXPECT_EQ(stream.position(Source::Edge::Before).end_lsn, Lsn{100});
  EXPECT_TRUE(stream.position(Source::Edge::Before).partial.none());
}

TEST(StreamReader, DropsTransactionsAtOrBeforeThePosition) {
  PostgresPosition position = from(310);
  position.last = fingerprint(310, 8, 1);
  Stream stream(position, 100);
  stream.begin(200, 7).relation().row("old").commit(210);
  stream.begin(300, 8, 1).row("last").commit(310);
  stream.begin(310, 9).row("new").commit(320);
  EXPECT_EQ(stream.error(), "");
  EXPECT_EQ(stream.said(), "new commit ");
}

TEST(StreamReader, TheTransactionThatEndsAtThePositionVerifiesIt) {
  PostgresPosition position = from(310);
  position.last = fingerprint(310, 8, 1);
  Stream stream(position, 100);
  EXPECT_EQ(stream.reader().received(), Lsn{100}) << "nothing was received on this stream yet";
  stream.begin(200, 7).relation().row("old").commit(210);
  EXPECT_FALSE(stream.reader().is_verified());
  stream.begin(300, 8, 1).row("last").commit(310);
  EXPECT_TRUE(stream.reader().is_verified()) << "a server at rest says nothing after it";
}

TEST(StreamReader, ResumesInsideATransactionAfterTheEventsThatAreDone) {
  PostgresPosition position = from(100);
  position.partial = {.final_lsn = Lsn{200}, .xid = 7, .events_done = 2};
  Stream stream(position, 100);
  EXPECT_EQ(stream.position().partial.events_done, 2U);
  stream.begin(200, 7).relation().row("a").row("b").row("c");
  EXPECT_EQ(stream.said(), "c ");
  EXPECT_EQ(stream.position().partial.events_done, 3U);
  stream.commit(210);
  EXPECT_EQ(stream.said(), "c commit ");
}

TEST(StreamReader, ATransactionDeliveredInPartMustComeAgainFirst) {
  PostgresPosition position = from(100);
  position.partial = {.final_lsn = Lsn{200}, .xid = 7, .events_done = 2};
  Stream other(position, 100);
  other.begin(150, 6).relation().row("x");
  EXPECT_THAT(other.error(), HasSubstr("transaction 6 at 0/96 comes first"));
  Stream shorter(position, 100);
  shorter.begin(200, 7).relation().row("a").commit(210);
  EXPECT_THAT(shorter.error(), HasSubstr("had 2 events and now has 1"));
  Stream gone(position, 100);
  gone.keepalive(500);
  EXPECT_THAT(gone.error(), HasSubstr("no longer there"));
}

TEST(StreamReader, RefusesAHistoryInWhichTheLastTransactionIsAnother) {
  PostgresPosition position = from(310);
  position.last = fingerprint(310, 8, 1);
  Stream other_xid(position, 100);
  other_xid.begin(300, 9, 1).relation().row("x").commit(310);
  EXPECT_THAT(other_xid.error(), HasSubstr("not the one that was delivered"));
  Stream other_time(position, 100);
  other_time.begin(300, 8, 2).relation().row("x").commit(310);
  EXPECT_THAT(other_time.error(), HasSubstr("not the one that was delivered"));
  Stream other_place(position, 100);
  other_place.begin(295, 8, 1).relation().row("x").commit(312);
  EXPECT_THAT(other_place.error(), HasSubstr("not the one that was delivered"));
  Stream missing(position, 100);
  missing.begin(400, 10).relation().row("new");
  EXPECT_THAT(missing.error(), HasSubstr("no longer there"));
  Stream idle(position, 100);
  idle.keepalive(400);
  EXPECT_THAT(idle.error(), HasSubstr("no longer there"));
}

TEST(StreamReader, RefusesATransactionBetweenTheLastOneAndThePosition) {
  PostgresPosition position = from(500);
  position.last = fingerprint(310, 8, 1);
  Stream stream(position, 310);
  stream.begin(400, 9).relation().row("swallowed");
  EXPECT_THAT(stream.error(), HasSubstr("where nothing was"));
}

/// A position without a transaction of ours so far, of a history that began at `began`.
PostgresPosition idle_since(std::uint64_t began, std::uint64_t end_lsn) {
  PostgresPosition position = from(end_lsn);
  position.last = {.end_lsn = Lsn{began}};
  return position;
}

TEST(StreamReader, ASlotThatBeganBeforeUsMayBringItsOwnPastAgain) {
  Stream stream(idle_since(500, 600), 300);
  stream.begin(400, 9).relation().row("adopted").commit(410);
  stream.begin(700, 10).row("new");
  EXPECT_EQ(stream.error(), "");
  EXPECT_EQ(stream.said(), "new ");
  EXPECT_EQ(stream.position(Source::Edge::Before).last, idle_since(500, 600).last);
}

TEST(StreamReader, RefusesATransactionBetweenWhereWeBeganAndAnIdlePosition) {
  Stream first(idle_since(500, 600), 500);
  first.begin(500, 9).relation().row("swallowed");
  EXPECT_THAT(first.error(), HasSubstr("transaction 9 at 0/1F4 is there, where nothing was"));
  Stream later(idle_since(500, 600), 300);
  later.begin(400, 8).relation().row("adopted").commit(500).begin(599, 9).row("swallowed");
  EXPECT_THAT(later.error(), HasSubstr("transaction 9 at 0/257 is there, where nothing was"));
}

TEST(StreamReader, TheBeginningIsNoTransactionThatMustComeAgain) {
  Stream stream(idle_since(500, 600), 300);
  stream.keepalive(550).keepalive(650);
  EXPECT_EQ(stream.error(), "");
  EXPECT_TRUE(stream.reader().is_verified());
}

TEST(StreamReader, WithoutAKnownBeginningThePastIsDroppedUnchecked) {
  Stream stream(from(500), 300);
  stream.begin(400, 9).relation().row("unknown").commit(410);
  stream.begin(600, 10).row("new");
  EXPECT_EQ(stream.error(), "");
  EXPECT_EQ(stream.said(), "new ");
}

TEST(StreamReader, AKeepaliveBetweenTransactionsIsAnIdlePosition) {
  Stream stream(from(100), 100);
  stream.keepalive(150, true);
  EXPECT_EQ(stream.said(), "idle ");
  EXPECT_EQ(stream.position().end_lsn, Lsn{150});
  EXPECT_TRUE(stream.reader().take_reply_request());
  EXPECT_FALSE(stream.reader().take_reply_request());
  stream.keepalive(150);
  EXPECT_EQ(stream.said(), "idle ");
  EXPECT_EQ(stream.reader().received(), Lsn{150});
}

TEST(StreamReader, AKeepaliveInsideATransactionMovesNoPosition) {
  Stream stream(from(100), 100);
  stream.begin(200, 7).relation().row("a").keepalive(190);
  EXPECT_EQ(stream.said(), "a ");
  EXPECT_EQ(stream.position().end_lsn, Lsn{100});
}

TEST(StreamReader, AnEmptyTransactionIsAnIdlePosition) {
  Stream stream(from(100), 100);
  stream.begin(200, 7).commit(210);
  EXPECT_EQ(stream.said(), "idle ");
  EXPECT_EQ(stream.position().end_lsn, Lsn{210});
  EXPECT_TRUE(stream.position().last.none());
}

TEST(StreamReader, AMessageOutsideATransactionIsSaidAndMovesNoPosition) {
  Stream stream(from(100), 100);
  const PostgresPosition at_start = stream.position();
  stream.message(false, 120);
  EXPECT_EQ(stream.said(), "message ");
  EXPECT_EQ(stream.position(), at_start);
  stream.begin(200, 7).relation().row("a");
  const PostgresPosition inside = stream.position();
  stream.message(false, 190);
  EXPECT_EQ(stream.position(), inside);
  stream.row("b").message(true, 195).commit(210);
  EXPECT_EQ(stream.error(), "");
  EXPECT_EQ(stream.said(), "message a message b message commit ");
  EXPECT_EQ(stream.position().end_lsn, Lsn{210});
}

TEST(StreamReader, AMessageOutsideATransactionIsNotSaidAgainBeforeThePosition) {
  Stream stream(from(500), 100);
  stream.message(false, 500).message(false, 501);
  EXPECT_EQ(stream.error(), "");
  EXPECT_EQ(stream.said(), "message ");
}

ServerFacts partitioned() {
  ServerFacts facts;
  facts.publication =
      PublicationFacts{.publishes_insert = true, .tables = {{"public", "outbox_1"}}, .digest = 1};
  facts.partitions = {{{"public", "outbox_1"}, {"public", "outbox"}}};
  facts.partitioned_columns = {"id", "payload", "added"};
  return facts;
}

/// The table of the row that comes next, or why none comes.
std::string table_of_row(StreamReader& reader) {
  const std::string row = insert_message(kOutbox, {{'t', "a"}, {'n', {}}});
  const std::string bytes = xlog_data(Lsn{}, Lsn{}, at(0), row);
  const Result<const Event*> event = reader.read(bytes);
  if (!event) return event.error().what;
  const Table& table = *std::get<RowInserted>((*event)->what).table;
  return table.schema + "." + table.name;
}

void describe(StreamReader& reader, const char* name) {
  const std::string relation = relation_message(kOutbox, "public", name, {{"id"}, {"payload"}});
  const std::string bytes = xlog_data(Lsn{}, Lsn{}, at(0), relation);
  ASSERT_TRUE(reader.read(bytes));
}

TEST(StreamReader, SaysTheTransactionOfARowAndWhatTheColumnsOfItsTableHold) {
  Stream stream(from(100), 100);
  stream.begin(200, 745);
  const std::string relation = relation_message(
      kOutbox, "public", "outbox", {{"id", 2950}, {"headers", 17}, {"created_at", 1184}});
  const std::string described = xlog_data(Lsn{}, Lsn{}, at(0), relation);
  ASSERT_TRUE(stream.reader().read(described));
  const std::string row = insert_message(kOutbox, {{}, {}, {}});
  const std::string said = xlog_data(Lsn{}, Lsn{}, at(0), row);
  const Result<const Event*> event = stream.reader().read(said);
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)->xid, 745U);
  using enum Value::Kind;
  EXPECT_EQ(std::get<RowInserted>((*event)->what).table->kinds,
            (std::vector{Text, Bytes, Timestamp}));
}

TEST(StreamReader, ARowOfAPartitionIsARowOfItsRoot) {
  Stream stream(from(100), 100);
  stream.begin(200, 7);
  describe(stream.reader(), "outbox_1");
  stream.reader().learn(partitioned());
  EXPECT_EQ(table_of_row(stream.reader()), "public.outbox");
}

TEST(StreamReader, APartitionThatIsDroppedWhileItsRowsAreReadIsStillOne) {
  Stream stream(from(100), 100);
  stream.reader().learn(partitioned());
  stream.begin(200, 7);
  describe(stream.reader(), "outbox_1");
  ServerFacts without = partitioned();
  without.partitions.clear();
  without.publication->tables.clear();
  stream.reader().learn(without);
  EXPECT_EQ(table_of_row(stream.reader()), "public.outbox");
}

TEST(StreamReader, RowsOfATableThatMayHaveBeenAPartitionAreNotPassedOver) {
  Stream stream(from(100), 100);
  stream.begin(200, 7);
  describe(stream.reader(), "outbox_0");
  stream.reader().learn(partitioned());
  EXPECT_THAT(table_of_row(stream.reader()), HasSubstr("it may have been a partition"));
}

TEST(StreamReader, RowsOfOtherTablesAreNoOrphans) {
  ServerFacts facts = partitioned();
  facts.publication->tables.push_back({"public", "other"});
  Stream published(from(100), 100);
  published.begin(200, 7);
  describe(published.reader(), "other");
  published.reader().learn(facts);
  EXPECT_EQ(table_of_row(published.reader()), "public.other");
  facts.partitioned_columns = {"id", "body"};
  Stream different(from(100), 100);
  different.begin(200, 7);
  describe(different.reader(), "gone");
  different.reader().learn(facts);
  EXPECT_EQ(table_of_row(different.reader()), "public.gone");
}

TEST(StreamReader, BytesOutOfPlaceAreErrorsNotCrashes) {
  EXPECT_THAT(Stream(from(1), 1).row("a").error(), HasSubstr("out of its place"));
  EXPECT_THAT(Stream(from(1), 1).commit(9).error(), HasSubstr("out of its place"));
  EXPECT_THAT(Stream(from(1), 1).begin(5, 1).begin(6, 2).error(), HasSubstr("out of its place"));
  EXPECT_THAT(Stream(from(1), 1).begin(5, 1).row("a").error(), HasSubstr("undescribed table"));
}

}  // namespace
}  // namespace outrider::postgres
