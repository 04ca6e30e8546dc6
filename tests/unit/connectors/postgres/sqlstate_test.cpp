#include "connectors/postgres/sqlstate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace outrider::postgres {
namespace {

using ::testing::HasSubstr;

TEST(SqlState, SaysWhatAnErrorMeansForTheRelay) {
  for (const char* code : {"", "08006", "57P01", "57P02", "57P03", "57P05", "53300", "55006"}) {
    EXPECT_EQ(kind_of_sqlstate(code), ErrorKind::Unavailable) << code;
  }
  for (const char* code : {"42501", "28P01", "28000"}) {
    EXPECT_EQ(kind_of_sqlstate(code), ErrorKind::Denied) << code;
  }
  for (const char* code : {"22021", "22P05", "42704", "55000", "58P01", "58030"}) {
    EXPECT_EQ(kind_of_sqlstate(code), ErrorKind::Refused) << code;
  }
  for (const char* code : {"XX000", "42601", "57014", "53200"}) {
    EXPECT_EQ(kind_of_sqlstate(code), ErrorKind::Interrupted) << code;
  }
}

TEST(SqlState, IsKeptInTheErrorAlsoWithinOtherText) {
  Error error = sql_error("replication slot \"s\" is active\n for PID 7", "55006");
  EXPECT_EQ(error.what, "replication slot \"s\" is active for PID 7 (SQLSTATE 55006)");
  error = std::move(error).within("start the stream");
  EXPECT_EQ(sqlstate_of(error), "55006");
}

TEST(SqlState, IsEmptyForABrokenConnection) {
  const Error error = sql_error("server closed the connection unexpectedly\n\tsorry\n", "");
  EXPECT_EQ(error.what, "server closed the connection unexpectedly sorry");
  EXPECT_EQ(error.kind, ErrorKind::Unavailable);
  EXPECT_EQ(sqlstate_of(error), "");
  EXPECT_EQ(sqlstate_of({ErrorKind::Refused, "closed (SQLSTATE nope)"}), "");
  EXPECT_EQ(sqlstate_of({ErrorKind::Refused, ")"}), "");
}

TEST(SqlState, IsFoundInTheVerboseMessageOfARefusedConnection) {
  const Error error = connect_error(
      "connection to server at \"db\", port 5432 failed: FATAL:  28P01: password authentication "
      "failed for user \"relay\"\nLOCATION:  auth_failed, auth.c:338\n");
  EXPECT_EQ(error.kind, ErrorKind::Denied);
  EXPECT_EQ(error.what,
            "connection to server at \"db\", port 5432 failed: FATAL: password authentication "
            "failed for user \"relay\" (SQLSTATE 28P01)");
  EXPECT_EQ(sqlstate_of(error), "28P01");
}

TEST(SqlState, IsThatOfTheLastHostThatAnswered) {
  const Error error = connect_error(
      "connection to server at \"a\" failed: FATAL:  57P03: the database system is starting up\n"
      "LOCATION:  ProcessStartupPacket, postmaster.c:2359\n"
      "connection to server at \"b\" failed: FATAL:  3D000: database \"x\" does not exist\n"
      "LOCATION:  InitPostgres, postinit.c:885\n");
  EXPECT_EQ(sqlstate_of(error), "3D000");
}

TEST(SqlState, IsNotMadeUpWhereTheServerNeverAnswered) {
  const Error error = connect_error(
      "connection to server at \"db\" (10.0.0.1), port 5432 failed: Connection refused\n\tIs the "
      "server running:  there?\n");
  EXPECT_EQ(error.kind, ErrorKind::Unavailable);
  EXPECT_EQ(sqlstate_of(error), "");
  EXPECT_EQ(connect_error(":  ").kind, ErrorKind::Unavailable);
}

TEST(SqlState, ARefusedConnectionSaysWhatMendsIt) {
  const auto hint = [](const std::string& said) {
    return connect_error("connection to server at \"db\" (10.0.0.1), port 5432 failed: " + said +
                         "\n")
        .hint;
  };
  EXPECT_THAT(hint("Connection refused\n\tIs the server running on that host?"),
              HasSubstr("listen_addresses"));
  EXPECT_THAT(hint("timeout expired"), HasSubstr("firewall"));
  EXPECT_THAT(hint("FATAL:  3D000: database \"shop\" does not exist"), HasSubstr("dbname"));
  EXPECT_THAT(hint("FATAL:  28000: role \"relay\" does not exist"), HasSubstr("CREATE ROLE"));
  EXPECT_THAT(hint("FATAL:  28000: role \"relay\" is not permitted to log in"),
              HasSubstr("ALTER ROLE … LOGIN"));
  EXPECT_THAT(hint("FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.2\""),
              HasSubstr("pg_hba.conf"));
  EXPECT_THAT(hint("FATAL:  42501: permission denied for database \"shop\""),
              HasSubstr("GRANT CONNECT"));
  EXPECT_THAT(hint("FATAL:  42501: must be superuser or replication role to start walsender"),
              HasSubstr("ALTER ROLE … REPLICATION"));
  EXPECT_THAT(hint("FATAL:  42501: permission denied to start WAL sender"),
              HasSubstr("ALTER ROLE … REPLICATION"));
  EXPECT_THAT(hint("FATAL:  53300: too many connections for role \"relay\""),
              HasSubstr("CONNECTION LIMIT"));
}

}  // namespace
}  // namespace outrider::postgres
