// What a relay says of TLS, logins and rights, against deploy/TROUBLESHOOTING.md.
#include "tests/integration/secure_world.h"
#include "tests/integration/troubleshooting_page.h"

#include <gtest/gtest.h>

#include <string>

namespace outrider::testing {
namespace {

SecureServers& servers() { return SecureServers::shared(); }

void expect_row_of_run(SecureWorld& world) {
  world.setup();
  world.start();
  expect_row([&] { return world.relay().report("main"); });
}

void expect_row_of_brokers(const std::string& kafka_access) {
  SecureWorld world;
  world.kafka_access = kafka_access;
  expect_row_of_run(world);
}

std::string brokers_with_tls(const std::string& bootstrap_servers, const Authority& authority) {
  return "bootstrap_servers: \"" + bootstrap_servers + "\", tls: { ca_file: \"" +
         authority.file().string() + "\" }";
}

TEST(PostgresTLSAndLogin, TheAuthorityIsAnotherOne) {
  SecureWorld world;
  world.postgres_access.authority = servers().other_authority().file();
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheFileOfAuthoritiesIsNotThere) {
  SecureWorld world;
  world.postgres_access.authority = "/nowhere/authorities.pem";
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheCertificateNamesAnotherHost) {
  SecureWorld world;
  world.postgres_access.host = "elsewhere.example";
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheServerWantsACertificate) {
  SecureWorld world;
  world.postgres_access.certificate.clear();
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheCertificateHasExpired) {
  SecureWorld world;
  world.postgres_access.show(servers().authority().issue_expired("relay"));
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheCertificateIsOfAnotherAuthority) {
  SecureWorld world;
  world.postgres_access.show(servers().other_authority().issue("relay"));
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheCertificateIsOfAnotherRole) {
  SecureWorld world;
  world.postgres_access.show(servers().authority().issue("somebody"));
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheServerWantsTLS) {
  SecureWorld world;
  world.postgres_access.mode = "disable";
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, ThePasswordIsWrong) {
  SecureWorld world;
  world.file("postgres-password", "wrong");
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, ThereIsNoPassword) {
  SecureWorld world;
  world.more_of_postgres.clear();
  expect_row_of_run(world);
}

TEST(PostgresTLSAndLogin, TheServerLetsNobodyInByThatName) {
  SecureWorld world;
  world.more_of_dsn = " user=stranger";
  expect_row_of_run(world);
}

TEST(KafkaTLSAndLogin, TheAuthorityIsAnotherOne) {
  expect_row_of_brokers(brokers_with_tls(servers().newest().login(), servers().other_authority()));
}

TEST(KafkaTLSAndLogin, TheCertificateNamesAnotherHost) {
  const std::string login = servers().newest().login();
  // The same address, not as the certificate writes it.
  expect_row_of_brokers(
      brokers_with_tls("127.1" + login.substr(login.find(':')), servers().authority()));
}

TEST(KafkaTLSAndLogin, TheCertificateHasExpired) {
  SecureWorld world;
  world.kafka_access = world.mutual(servers().authority().issue_expired("relay"));
  expect_row_of_run(world);
}

TEST(KafkaTLSAndLogin, TheBrokersWantACertificate) {
  expect_row_of_brokers(brokers_with_tls(servers().newest().mutual(), servers().authority()));
}

TEST(KafkaTLSAndLogin, ThePortSpeaksNoTLS) {
  expect_row_of_brokers(brokers_with_tls(servers().newest().plaintext(), servers().authority()));
}

TEST(KafkaTLSAndLogin, ThePortWantsTLS) {
  expect_row_of_brokers("bootstrap_servers: \"" + servers().newest().login() + "\"");
}

TEST(KafkaTLSAndLogin, ThePortWantsALogin) {
  expect_row_of_brokers(brokers_with_tls(servers().newest().login(), servers().authority()));
}

TEST(KafkaTLSAndLogin, ThePasswordIsWrong) {
  SecureWorld world;
  world.kafka_access = world.plain("wrong");
  expect_row_of_run(world);
}

TEST(KafkaRights, TheTopicsMayNotBeUsed) {
  SecureWorld world;
  world.name = "denied";
  expect_row_of_run(world);
}

TEST(KafkaRights, TheTransactionalIdsMayNotBeUsed) {
  SecureWorld world;
  world.name = "untransactional";
  servers().newest().kafka().allow_topics({"User:relay"}, world.name);
  expect_row_of_run(world);
}

TEST(KafkaRights, ATopicOfEventsMayNotBeUsed) {
  SecureWorld world;
  world.topic_prefix = "forbidden";
  world.setup();
  world.emit(1);
  world.start();
  expect_row([&] { return world.relay().report("main"); });
}

TEST(KafkaTopicsAndTransactions, TheTransactionMayNotBeSoLong) {
  SecureWorld world;
  world.kafka_access += ", transaction: { timeout: 15m }";
  expect_row_of_run(world);
}

}  // namespace
}  // namespace outrider::testing
