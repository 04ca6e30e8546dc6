#include "connectors/postgres/setup/setup_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace outrider::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

SetupPlan plan() {
  return {.database = "order_db",
          .role = "relay",
          .slot = "outrider_orders",
          .publication = "outrider_orders",
          .tables = {{"public", "outbox"}, {"odd schema", "o'\"x"}},
          .columns = {},
          .payload = PayloadType::Jsonb};
}

std::string create_of(const SetupPlan& wanted, const std::string& subject) {
  for (const SetupStep& step : setup_steps(wanted)) {
    if (step.subject == subject) return step.create;
  }
  return "no step " + subject;
}

TEST(SetupSql, MakesThePublicationForInsertsOnlyAndBeforeTheSlot) {
  EXPECT_THAT(create_of(plan(), "publication \"outrider_orders\""),
              HasSubstr("with (publish = 'insert', publish_via_partition_root = true)"));
  const std::string script = setup_script(plan());
  EXPECT_LT(script.find("create publication"), script.find("pg_create_logical_replication_slot"));
  EXPECT_LT(script.find("pg_create_logical_replication_slot"),
            script.find("insert into outrider.slot"));
}

TEST(SetupSql, MakesTheOutboxTableOfDebezium) {
  const std::string table = create_of(plan(), "table \"public\".\"outbox\"");
  for (const char* column :
       {"\"id\" uuid primary key", "\"aggregatetype\" text not null",
        "\"aggregateid\" text not null", "\"type\" text not null", "\"payload\" jsonb",
        "\"headers\" jsonb", "\"created_at\" timestamptz not null default clock_timestamp()",
        "check (octet_length(\"payload\"::text) <= 900000)"}) {
    EXPECT_THAT(table, HasSubstr(column));
  }
}

TEST(SetupSql, TakesTheTypeOfThePayloadAndTheNamesOfTheColumns) {
  SetupPlan wanted = plan();
  wanted.payload = PayloadType::Bytea;
  wanted.columns.payload = "body";
  EXPECT_THAT(create_of(wanted, "table \"public\".\"outbox\""),
              testing::AllOf(HasSubstr("\"body\" bytea"),
                             HasSubstr("check (octet_length(\"body\") <= 900000)")));
  EXPECT_THAT(create_of(wanted, "function outrider.emit"),
              testing::AllOf(HasSubstr("payload bytea"), HasSubstr("\"body\"")));
}

TEST(SetupSql, WritesThroughTheFirstTableWithTheRightsOfTheCaller) {
  const std::string function = create_of(plan(), "function outrider.emit");
  EXPECT_THAT(function, HasSubstr("returns uuid language sql security invoker"));
  EXPECT_THAT(function, HasSubstr("insert into \"public\".\"outbox\" ("));
  EXPECT_THAT(function, HasSubstr("headers jsonb default null"));
}

TEST(SetupSql, QuotesOddNames) {
  const std::string script = setup_script(plan());
  EXPECT_THAT(script, HasSubstr("create schema \"odd schema\""));
  EXPECT_THAT(script, HasSubstr("create table \"odd schema\".\"o'\"\"x\" ("));
  EXPECT_THAT(script, HasSubstr("to_regclass('\"odd schema\".\"o''\"\"x\"')"));
}

TEST(SetupSql, AsksForFailoverOnlyWhereTheServerKnowsIt) {
  const std::string query = slot_statement_query(plan());
  EXPECT_THAT(query, HasSubstr(">= 170000"));
  EXPECT_THAT(query, HasSubstr("'outrider_orders', 'pgoutput'"));
}

TEST(SetupSql, GuardsEveryStatementOfTheScript) {
  const std::string script = setup_script(plan());
  std::size_t guards = 0;
  for (std::size_t at = script.find("\\if :missing"); at != std::string::npos;
       at = script.find("\\if :missing", at + 1)) {
    ++guards;
  }
  EXPECT_EQ(guards, setup_steps(plan()).size() + 1);
  EXPECT_THAT(script, HasSubstr("\\set ON_ERROR_STOP on"));
}

TEST(SetupSql, GrantsTheRelayNoMoreThanItNeeds) {
  std::vector<std::string> grants;
  for (const SetupStep& step : setup_steps(plan())) {
    if (step.create.starts_with("grant")) grants.push_back(step.create);
  }
  EXPECT_THAT(grants, testing::ElementsAre("grant connect on database \"order_db\" to \"relay\"",
                                           "grant usage on schema outrider to \"relay\"",
                                           "grant select on outrider.slot to \"relay\""));
}

}  // namespace
}  // namespace outrider::postgres
