#include "connectors/postgres/connect_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr ConnectWish kStream{.kind = Connection::Kind::Replication, .slot = "orders"};
constexpr ConnectWish kQuery{.kind = Connection::Kind::Ordinary, .slot = "orders"};

TEST(ConnectParameters, AskForTheReplicationModeOnlyWhereItIsMeant) {
  EXPECT_EQ(connect_parameters({}, kStream).at("replication"), "database");
  EXPECT_EQ(connect_parameters({{"replication", "true"}}, kQuery).count("replication"), 0U);
}

TEST(ConnectParameters, LeaveTheNetworkToTheUser) {
  const auto chosen = connect_parameters(
      {{"keepalives_idle", "99"}, {"gssencmode", "require"}, {"application_name", "mine"}},
      kStream);
  EXPECT_EQ(chosen.at("keepalives_idle"), "99");
  EXPECT_EQ(chosen.at("gssencmode"), "require");
  EXPECT_EQ(chosen.at("application_name"), "mine");
  const auto defaults = connect_parameters({}, kStream);
  EXPECT_EQ(defaults.at("gssencmode"), "disable");
  EXPECT_EQ(defaults.at("tcp_user_timeout"), "30000");
  EXPECT_EQ(defaults.at("application_name"), "outrider:orders");
}

TEST(ConnectParameters, PutTheSettingsOurPromisesRestOnAfterTheUsersOwn) {
  const auto parameters = connect_parameters(
      {{"options", "-c wal_sender_timeout=0"}, {"client_encoding", "LATIN1"}}, kStream);
  EXPECT_THAT(parameters.at("options"), StartsWith("-c wal_sender_timeout=0 -c "));
  EXPECT_THAT(parameters.at("options"), HasSubstr(" -c wal_sender_timeout=30s"));
  EXPECT_EQ(parameters.at("client_encoding"), "UTF8");
}

TEST(ConnectParameters, LimitTheTimeOfQueriesButNotOfTheStream) {
  EXPECT_THAT(connect_parameters({}, kQuery).at("options"), HasSubstr("statement_timeout=10s"));
  EXPECT_THAT(connect_parameters({}, kStream).at("options"), Not(HasSubstr("statement_timeout")));
}

TEST(ConnectParameters, PreferThePasswordOfTheOptions) {
  ConnectWish wish = kStream;
  wish.password = "new";
  EXPECT_EQ(connect_parameters({{"password", "old"}}, wish).at("password"), "new");
  EXPECT_EQ(connect_parameters({{"password", "old"}}, kStream).at("password"), "old");
}

TEST(ConnectParameters, SearchThePrimaryAmongSeveralHosts) {
  EXPECT_EQ(connect_parameters({{"host", "a"}}, kStream).count("target_session_attrs"), 0U);
  EXPECT_EQ(connect_parameters({{"host", "a,b"}}, kStream).at("target_session_attrs"),
            "read-write");
  EXPECT_EQ(connect_parameters({{"host", "a,b"}, {"target_session_attrs", "any"}}, kStream)
                .at("target_session_attrs"),
            "any");
}

TEST(ConnectParameters, BeginWithAnotherHostAfterEachFailure) {
  ConnectWish wish = kStream;
  wish.failures = 1;
  const ConnectParameters dsn = {{"host", "a,b,c"}, {"hostaddr", "1,,3"}, {"port", "5432"}};
  EXPECT_EQ(connect_parameters(dsn, wish).at("host"), "b,c,a");
  EXPECT_EQ(connect_parameters(dsn, wish).at("hostaddr"), ",3,1");
  EXPECT_EQ(connect_parameters(dsn, wish).at("port"), "5432");
  wish.failures = 3;
  EXPECT_EQ(connect_parameters(dsn, wish).at("host"), "a,b,c");
}

}  // namespace
}  // namespace outrider::postgres
