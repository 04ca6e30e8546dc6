#include "connectors/postgres/pgoutput.h"

#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <gtest/gtest.h>

#include <string>

namespace outrider::postgres {
namespace {

using namespace outrider::testing;

const WallTime kNoon = WallTime(std::chrono::microseconds(1'700'000'000'123'456));

template <typename T>
T decode_as(const std::string& bytes, PgoutputScratch& scratch) {
  auto message = decode_pgoutput(bytes, scratch);
  if (!message) {
    ADD_FAILURE() << message.error().what;
    return {};
  }
  if (!std::holds_alternative<T>(*message)) {
    ADD_FAILURE() << "another kind of message";
    return {};
  }
  return std::get<T>(*message);
}

TEST(Pgoutput, ReadsWhatATransactionBeginsAndEndsWith) {
  PgoutputScratch scratch;
  const auto begin = decode_as<Begin>(begin_message(Lsn{0x100}, kNoon, 4'000'000'000), scratch);
  EXPECT_EQ(begin.final_lsn, Lsn{0x100});
  EXPECT_EQ(begin.committed_at, kNoon);
  EXPECT_EQ(begin.xid, 4'000'000'000);
  const auto commit = decode_as<Commit>(commit_message(Lsn{0x100}, Lsn{0x130}, kNoon), scratch);
  EXPECT_EQ(commit.commit_lsn, Lsn{0x100});
  EXPECT_EQ(commit.end_lsn, Lsn{0x130});
  EXPECT_EQ(commit.committed_at, kNoon);
}

TEST(Pgoutput, ReadsATableWithItsColumns) {
  PgoutputScratch scratch;
  const std::string bytes =
      relation_message(7, "Odd Schema", "out\"box", {{"id", 2950, true}, {"payload", 3802, false}});
  const auto relation = decode_as<Relation>(bytes, scratch);
  EXPECT_EQ(relation.id, RelationId{7});
  EXPECT_EQ(relation.schema, "Odd Schema");
  EXPECT_EQ(relation.name, "out\"box");
  EXPECT_EQ(relation.replica_identity, 'd');
  ASSERT_EQ(relation.columns.size(), 2U);
  EXPECT_EQ(relation.columns[0].name, "id");
  EXPECT_TRUE(relation.columns[0].in_key);
  EXPECT_EQ(relation.columns[1].type_oid, 3802U);
  EXPECT_EQ(relation.columns[1].type_modifier, -1);
  EXPECT_FALSE(relation.columns[1].in_key);
}

TEST(Pgoutput, NamesTheSystemSchemaThatIsSentWithoutAName) {
  PgoutputScratch scratch;
  const std::string bytes = relation_message(7, "", "pg_class", {});
  EXPECT_EQ(decode_as<Relation>(bytes, scratch).schema, "pg_catalog");
}

TEST(Pgoutput, ReadsAnInsertedRow) {
  PgoutputScratch scratch;
  const std::string bytes =
      insert_message(7, {{'t', "order"}, {'b', std::string_view("\0\x01", 2)}, {'n'}, {'t', ""}});
  const auto insert = decode_as<Insert>(bytes, scratch);
  EXPECT_EQ(insert.relation, RelationId{7});
  ASSERT_EQ(insert.row.size(), 4U);
  EXPECT_EQ(insert.row[0].format, Column::Format::Text);
  EXPECT_EQ(insert.row[0].bytes, "order");
  EXPECT_EQ(insert.row[1].format, Column::Format::Binary);
  EXPECT_EQ(insert.row[1].bytes, std::string_view("\0\x01", 2));
  EXPECT_EQ(insert.row[2].format, Column::Format::Null);
  EXPECT_EQ(insert.row[3].format, Column::Format::Text);
  EXPECT_EQ(insert.row[3].bytes, "");
}

TEST(Pgoutput, PointsIntoTheMessageAndTheCallersVectors) {
  PgoutputScratch scratch;
  const std::string wide = insert_message(7, {{'t', "a"}, {'t', "b"}, {'t', "c"}});
  decode_as<Insert>(wide, scratch);
  const Column* vector_before = scratch.row.data();
  const std::string narrow = insert_message(7, {{'t', "payload"}});
  const auto insert = decode_as<Insert>(narrow, scratch);
  EXPECT_EQ(insert.row.data(), vector_before);
  EXPECT_EQ(insert.row[0].bytes.data() + insert.row[0].bytes.size(), narrow.data() + narrow.size());
}

TEST(Pgoutput, ReadsUpdatesWithAndWithoutTheOldRow) {
  PgoutputScratch scratch;
  for (const char kind : {'K', 'O'}) {
    const std::string bytes = update_message(7, kind, {{'t', "old"}}, {{'u'}, {'t', "new"}});
    const auto update = decode_as<Update>(bytes, scratch);
    ASSERT_EQ(update.old_row.size(), 1U);
    EXPECT_EQ(update.old_row[0].bytes, "old");
    ASSERT_EQ(update.row.size(), 2U);
    EXPECT_EQ(update.row[0].format, Column::Format::Unchanged);
    EXPECT_EQ(update.row[1].bytes, "new");
  }
  const std::string bytes = update_message(7, 0, {}, {{'t', "new"}});
  const auto update = decode_as<Update>(bytes, scratch);
  EXPECT_TRUE(update.old_row.empty());
  ASSERT_EQ(update.row.size(), 1U);
}

TEST(Pgoutput, ReadsDeletesAndTruncates) {
  PgoutputScratch scratch;
  const std::string deleted_bytes = delete_message(7, 'K', {{'t', "key"}, {'n'}});
  const auto deleted = decode_as<Delete>(deleted_bytes, scratch);
  EXPECT_EQ(deleted.relation, RelationId{7});
  ASSERT_EQ(deleted.old_row.size(), 2U);
  EXPECT_EQ(deleted.old_row[0].bytes, "key");
  const auto truncate = decode_as<Truncate>(truncate_message(2, {7, 8}), scratch);
  EXPECT_FALSE(truncate.cascade);
  EXPECT_TRUE(truncate.restart_identity);
  ASSERT_EQ(truncate.relations.size(), 2U);
  EXPECT_EQ(truncate.relations[1], RelationId{8});
}

TEST(Pgoutput, ReadsLogicalMessages) {
  PgoutputScratch scratch;
  const std::string content("{\0}", 3);
  const std::string bytes = logical_message(true, Lsn{0x50}, "outbox", content);
  const auto message = decode_as<Message>(bytes, scratch);
  EXPECT_TRUE(message.transactional);
  EXPECT_EQ(message.lsn, Lsn{0x50});
  EXPECT_EQ(message.prefix, "outbox");
  EXPECT_EQ(message.content, content);
}

TEST(Pgoutput, ReadsOriginsAndTypes) {
  PgoutputScratch scratch;
  const std::string origin_bytes = PgoutputWriter('O').lsn(Lsn{9}).text("elsewhere").bytes();
  const auto origin = decode_as<Origin>(origin_bytes, scratch);
  EXPECT_EQ(origin.origin_lsn, Lsn{9});
  EXPECT_EQ(origin.name, "elsewhere");
  const std::string type_bytes =
      PgoutputWriter('Y').number(std::uint32_t{16'400}).text("public").text("mood").bytes();
  const auto type = decode_as<Type>(type_bytes, scratch);
  EXPECT_EQ(type.oid, 16'400U);
  EXPECT_EQ(type.schema, "public");
  EXPECT_EQ(type.name, "mood");
}

TEST(Pgoutput, ShowsACommitTimeOutOfRangeAsTheLastOne) {
  PgoutputScratch scratch;
  const std::string bytes = PgoutputWriter('B')
                                .lsn(Lsn{1})
                                .number(std::numeric_limits<std::int64_t>::max())
                                .number(std::uint32_t{1})
                                .bytes();
  EXPECT_EQ(decode_as<Begin>(bytes, scratch).committed_at, WallTime::max());
}

TEST(Pgoutput, ToleratesTheStrayStreamAbortOfPostgres18) {
  PgoutputScratch scratch;
  const std::string bytes =
      PgoutputWriter('A').number(std::uint32_t{5}).number(std::uint32_t{6}).bytes();
  EXPECT_EQ(decode_as<Ignored>(bytes, scratch).tag, 'A');
}

}  // namespace
}  // namespace outrider::postgres
