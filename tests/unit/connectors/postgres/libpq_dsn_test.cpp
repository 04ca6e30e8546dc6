// What is taken for a connection string, and that a refusal shows nothing of it.
#include "connectors/postgres/libpq_dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ConnectParameters parsed(const std::string& dsn) {
  const Result<ConnectParameters> parameters = parse_dsn(dsn);
  EXPECT_TRUE(parameters) << dsn << ": " << parameters.error().what;
  return parameters.value_or(ConnectParameters{});
}

TEST(LibpqDsn, APasswordThatIsNotEncodedIsRefusedWithoutShowingIt) {
  // Each has "s3" and "ret" in its password, around what libpq takes for the end of something.
  for (const char* dsn :
       {"postgresql://relay:s3@ret@db/orders", "postgres://relay:s3@ret@db:5432/orders",
        "postgresql://relay:s3c/ret@db:5432/orders", "postgresql://relay:53/s3ret@db/orders",
        "postgresql://relay:s3:@ret:@db/orders", "postgresql://relay:s3/ret@db",
        "postgresql://s3ret/x:y@db/orders", "postgresql://relay:s3ret@@db/orders",
        "postgresql://relay:s3?@ret@db/orders", "postgresql://re@lay:s3ret@db/orders",
        "host=relay:s3ret@db dbname=orders", "dbname=postgresql://relay:s3ret@db/orders",
        "dbname='user=relay password=s3ret'", "host=db port=s3ret dbname=orders"}) {
    const Result<ConnectParameters> refused = parse_dsn(dsn);
    ASSERT_FALSE(refused) << dsn;
    EXPECT_EQ(refused.error().kind, ErrorKind::Misconfigured) << dsn;
    for (const std::string& said : {refused.error().what, refused.error().hint}) {
      EXPECT_THAT(said, Not(HasSubstr("s3"))) << dsn;
      EXPECT_THAT(said, Not(HasSubstr("ret"))) << dsn;
    }
  }
}

TEST(LibpqDsn, ARefusalSaysHowToWriteThePassword) {
  for (const char* dsn :
       {"postgresql://relay:s3@ret@db/orders", "postgresql://relay:s3c/ret@db:5432/orders"}) {
    const Result<ConnectParameters> refused = parse_dsn(dsn);
    ASSERT_FALSE(refused) << dsn;
    EXPECT_THAT(refused.error().hint, HasSubstr("%40"));
    EXPECT_THAT(refused.error().hint, HasSubstr("%2F"));
    EXPECT_THAT(refused.error().hint, HasSubstr("password_file"));
  }
}

TEST(LibpqDsn, AnEncodedPasswordIsTaken) {
  const ConnectParameters parameters =
      parsed("postgresql://relay:s3%40%2F%3Aret@db:5433/orders?application_name=a@b");
  EXPECT_EQ(parameters.at("password"), "s3@/:ret");
  EXPECT_EQ(parameters.at("host"), "db");
  EXPECT_EQ(parameters.at("port"), "5433");
  EXPECT_EQ(parameters.at("dbname"), "orders");
}

TEST(LibpqDsn, AQuestionMarkEndsNoPassword) {
  EXPECT_EQ(parsed("postgresql://relay:s3?ret@db/orders").at("password"), "s3?ret");
  EXPECT_EQ(parsed("postgresql://relay:53?host=s3ret@db/orders").at("host"), "db");
}

TEST(LibpqDsn, TakesEveryOtherFormOfHostsPortsAndDatabases) {
  EXPECT_EQ(parsed("host=@abstract,/run/postgresql@16,db dbname=orders").at("host"),
            "@abstract,/run/postgresql@16,db");
  EXPECT_EQ(parsed("postgresql://relay@one:5432,two,[::1]:5434/orders").at("port"), "5432,,5434");
  EXPECT_EQ(parsed("postgresql://%2Fvar%2Frun/orders").at("host"), "/var/run");
  EXPECT_EQ(parsed("postgresql:///orders?host=/var/run&port=5433").at("port"), "5433");
  EXPECT_EQ(parsed("postgresql://db/or%40ders").at("dbname"), "or@ders");
  EXPECT_EQ(parsed("host=one,two port=5432,5433 dbname=orders").at("host"), "one,two");
  EXPECT_EQ(parsed("host=@abstract dbname='or@ders' password='a@b/c'").at("host"), "@abstract");
  EXPECT_EQ(parsed("service=orders").at("service"), "orders");
}

}  // namespace
}  // namespace outrider::postgres
