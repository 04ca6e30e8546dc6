#include "connectors/postgres/setup/setup_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outrider::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SetupPlan plan() {
  return {.database = "order_db",
          .role = "relay",
          .slot = "s",
          .publication = "p",
          .tables = {{"public", "outbox"}},
          .columns = {},
          .payload = PayloadType::Jsonb};
}

DatabaseState good_state() {
  DatabaseState state;
  state.database = "order_db";
  state.user = "owner";
  state.wal_level = "logical";
  state.may_create = true;
  state.slots_max = 10;
  state.role = DatabaseState::Role{.can_login = true, .can_replicate = true};
  return state;
}

std::vector<std::string> problems(const DatabaseState& state) {
  std::vector<std::string> texts;
  for (const Error& error : check_state(plan(), state)) texts.push_back(error.what);
  return texts;
}

TEST(SetupCheck, FindsNothingWrongWithAFreshDatabase) {
  EXPECT_THAT(problems(good_state()), IsEmpty());
}

TEST(SetupCheck, FindsAllThatIsWrongAtOnce) {
  DatabaseState state = good_state();
  state.wal_level = "replica";
  state.slots_used = 10;
  state.role.reset();
  state.may_create = false;
  state.publication_inserts = false;
  state.misfits = {{{"public", "outbox"}, true, "type, payload"}};
  EXPECT_THAT(
      problems(state),
      ElementsAre("wal_level is replica, not logical", "all 10 replication slots are in use",
                  "the role \"relay\" does not exist",
                  "the role \"owner\" may not create in the database \"order_db\"",
                  "the publication \"p\" does not publish inserts",
                  "the table \"public\".\"outbox\" has no column type, payload"));
}

TEST(SetupCheck, NamesTheStatementThatMakesTheRole) {
  DatabaseState state = good_state();
  state.role.reset();
  EXPECT_EQ(check_state(plan(), state).at(0).hint,
            "create role \"relay\" login replication password '…';");
  state.role = DatabaseState::Role{.can_login = true, .can_replicate = false};
  EXPECT_EQ(check_state(plan(), state).at(0).hint, "alter role \"relay\" login replication;");
}

TEST(SetupCheck, SaysWhereToNameATableInPlaceOfAView) {
  DatabaseState state = good_state();
  state.misfits = {{{"public", "outbox"}, false, ""}};
  const std::vector<Error> found = check_state(plan(), state);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().what, "\"public\".\"outbox\" exists, but is not a table");
  EXPECT_THAT(found.front().hint, HasSubstr("source.postgres.tables"));
}

TEST(SetupCheck, RefusesAnotherDatabaseBeforeAnythingElse) {
  DatabaseState state = good_state();
  state.database = "postgres";
  state.wal_level = "replica";
  EXPECT_THAT(problems(state),
              ElementsAre("the dsn leads to the database \"postgres\", the pipeline's is "
                          "\"order_db\""));
}

TEST(SetupCheck, NeedsNoFreeSlotIfItsOwnIsThere) {
  DatabaseState state = good_state();
  state.slots_used = 10;
  state.slot = DatabaseState::Slot{"pgoutput", "order_db", "reserved"};
  EXPECT_THAT(problems(state), IsEmpty());
}

TEST(SetupCheck, RefusesASlotOfAnotherKindOrOneThatIsLost) {
  DatabaseState state = good_state();
  state.slot = DatabaseState::Slot{"wal2json", "order_db", "reserved"};
  EXPECT_THAT(problems(state),
              ElementsAre("the slot \"s\" exists, but with the plugin \"wal2json\" in the database "
                          "\"order_db\""));
  state.slot = DatabaseState::Slot{"pgoutput", "order_db", "lost"};
  EXPECT_THAT(problems(state),
              ElementsAre("the slot \"s\" is lost: the server removed log it needs"));
}

TEST(SetupCheck, ReadsTheAnswersOfTheCatalogs) {
  const Rows state{.columns = 14,
                   .rows = {{"order_db", "owner", "logical", "f", "t", "f", "2", "10", "t", "f",
                             "pgoutput", "order_db", "reserved", "t"}}};
  const Rows tables{.columns = 4,
                    .rows = {{"public", "outbox", "t", std::nullopt}, {"a", "b", "f", "id"}}};
  const Result<DatabaseState> read = read_state(state, tables);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->slots_used, 2);
  EXPECT_TRUE(read->role->can_login);
  EXPECT_FALSE(read->role->can_replicate);
  EXPECT_EQ(read->slot->plugin, "pgoutput");
  EXPECT_EQ(read->publication_inserts, true);
  ASSERT_EQ(read->misfits.size(), 1U);
  EXPECT_FALSE(read->misfits[0].is_table);
  EXPECT_FALSE(read_state(Rows{}, tables));
}

}  // namespace
}  // namespace outrider::postgres
