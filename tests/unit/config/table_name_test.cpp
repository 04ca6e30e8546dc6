#include "connectors/postgres/options_config.h"

#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

std::optional<TableName> parsed(std::string_view text) {
  TableName table;
  return from_text(text, table) ? std::nullopt : std::optional(table);
}

TEST(TableName, IsReadExactlyAsWritten) {
  EXPECT_EQ(parsed("public.outbox"), (TableName{"public", "outbox"}));
  EXPECT_EQ(parsed("Sales.OutBox"), (TableName{"Sales", "OutBox"}));
  EXPECT_EQ(parsed("\"odd.schema\".\"a\"\"b\""), (TableName{"odd.schema", "a\"b"}));
}

TEST(TableName, NeedsBothPartsAndNothingElse) {
  for (const char* text : {"", ".", "outbox", "public.", ".outbox", "a.b.c", "\"a.b", "a\"b.c",
                           "\"\".x", "\"a\"b.c"}) {
    EXPECT_EQ(parsed(text), std::nullopt) << text;
  }
  EXPECT_EQ(parsed("public." + std::string(64, 'x')), std::nullopt);
  EXPECT_TRUE(parsed("public." + std::string(63, 'x')));
}

TEST(TableName, PrintsWhatItWouldReadAgain) {
  for (const TableName& table : {TableName{"public", "outbox"}, TableName{"odd.schema", "a\"b"}}) {
    EXPECT_EQ(parsed(to_text(table)), table);
  }
}

}  // namespace
}  // namespace outrider::postgres
