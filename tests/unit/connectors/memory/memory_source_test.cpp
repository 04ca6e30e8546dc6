#include "connectors/memory/source.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace outrider::memory {
namespace {

Table table() { return {.schema = "public", .name = "outbox", .columns = {"id"}, .version = 0}; }

MemorySource source_with(std::vector<Transaction> transactions) {
  MemorySource source(table());
  for (Transaction& transaction : transactions) source.commit(std::move(transaction));
  return source;
}

void start_at(MemorySource& source, MemoryPosition position) {
  ASSERT_EQ(*source.acquire({}), Source::Standing::Held);
  ASSERT_TRUE(*source.start(position.pack(), {}));
}

/// What the source says until nothing is ready: ids of rows, "|" for a commit.
std::string say_all(MemorySource& source) {
  std::string said;
  while (const Event* event = *source.next()) {
    const auto* row = std::get_if<RowInserted>(&event->what);
    said += row != nullptr ? std::string(row->values[0].data) : "|";
  }
  return said;
}

TEST(MemorySource, SaysEveryRowAndThenItsCommit) {
  MemorySource source = source_with({{.rows = {{"a"}, {"b"}}}, {.rows = {}}, {.rows = {{"c"}}}});
  start_at(source, {});
  EXPECT_EQ(say_all(source), "ab||c|");
  source.commit({.rows = {{"d"}}});
  EXPECT_EQ(say_all(source), "d|");
}

TEST(MemorySource, ResumesInsideATransaction) {
  MemorySource source = source_with({{.rows = {{"a"}, {"b"}}}});
  start_at(source, {.transactions_done = 0, .events_done = 1});
  EXPECT_EQ(say_all(source), "b|");
}

TEST(MemorySource, GivesThePositionsBeforeAndAfterTheLastEvent) {
  MemorySource source = source_with({{.rows = {{"a"}, {"b"}}}});
  start_at(source, {});
  const Position begin = source.position(Source::Edge::After);
  ASSERT_NE(*source.next(), nullptr);
  EXPECT_EQ(source.position(Source::Edge::Before), begin);
  const Position after_first = source.position(Source::Edge::After);
  ASSERT_NE(*source.next(), nullptr);
  EXPECT_EQ(source.position(Source::Edge::Before), after_first);
}

TEST(MemorySource, NamesAnEventTheSameWayWhereverItResumes) {
  MemorySource source = source_with({{.rows = {{"a"}, {"b"}}}});
  start_at(source, {});
  ASSERT_NE(*source.next(), nullptr);
  const EventId second = (*source.next())->id;
  start_at(source, {.transactions_done = 0, .events_done = 1});
  EXPECT_EQ((*source.next())->id, second);
}

TEST(MemorySource, RemembersWhatWasConfirmedAfterARelease) {
  MemorySource source = source_with({{.rows = {{"a"}}}, {.rows = {{"b"}}}});
  start_at(source, {});
  ASSERT_TRUE(source.confirm(MemoryPosition{.transactions_done = 1}.pack()));
  source.release();
  EXPECT_FALSE(source.is_held());
  const auto plan = source.plan({.keeps_checkpoints = false, .checkpoint = {}}, {});
  ASSERT_TRUE(plan && *plan);
  start_at(source, *MemoryPosition::unpack((*plan)->from));
  EXPECT_EQ(say_all(source), "b|");
}

TEST(MemorySource, RefusesACheckpointThatItHasForgottenOrNeverSaid) {
  MemorySource source = source_with({{.rows = {{"a"}}}});
  EXPECT_FALSE(source.admit(MemoryPosition{.transactions_done = 2}.pack()));
  ASSERT_TRUE(source.confirm(MemoryPosition{.transactions_done = 1}.pack()));
  const Checkpoint old{.position = MemoryPosition{}.pack()};
  EXPECT_EQ(source.plan(Found{.checkpoint = old}, {}).error().kind, ErrorKind::Refused);
}

TEST(MemorySource, BreaksOffOnceWhenATestSaysSo) {
  MemorySource source = source_with({{.rows = {{"a"}}}});
  start_at(source, {});
  source.break_stream({ErrorKind::Unavailable, "gone"});
  EXPECT_EQ(source.next().error().what, "gone");
  EXPECT_TRUE(source.next());
}

TEST(MemoryPositionFormat, ReadsWhatItWrote) {
  const MemoryPositionFormat format;
  const Position position = MemoryPosition{.transactions_done = 3, .events_done = 7}.pack();
  EXPECT_EQ(format.to_json(position), R"({"transactions_done":3,"events_done":7})");
  EXPECT_EQ(*format.from_json(format.to_json(position)), position);
}

TEST(MemoryPositionFormat, RefusesWhatItDidNotWrite) {
  const MemoryPositionFormat format;
  for (const char* json : {"", "[]", "{}", R"({"transactions_done":-1,"events_done":0})"}) {
    EXPECT_FALSE(format.from_json(json)) << json;
  }
}

}  // namespace
}  // namespace outrider::memory
