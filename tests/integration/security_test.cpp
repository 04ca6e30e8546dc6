// The relay on servers that want TLS, certificates and passwords: what works, and what each refusal
// says.
#include "tests/integration/secure_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

SecureServers& servers() { return SecureServers::shared(); }

void expect_delivery(SecureWorld& world) {
  world.setup();
  world.start();
  world.emit(20);
  world.wait_delivered(20);
  EXPECT_EQ(world.relay().stop(), 0);
  world.start();
  world.emit(5);
  world.wait_delivered(25);
}

TEST(Security, DeliversFromVerifiedPostgresToKafkaOverScramAndTls) {
  SecureWorld world(servers().older());
  world.kafka_access = world.scram(world.file("kafka-password", kScramPassword));
  expect_delivery(world);
}

TEST(Security, DeliversOverPlainAndTls) {
  SecureWorld world;
  expect_delivery(world);
}

TEST(Security, DeliversWithACertificateInPlaceOfALogin) {
  SecureWorld world;
  world.kafka_access = world.mutual(servers().authority().issue("relay"));
  expect_delivery(world);
}

TEST(Security, DeliversAtLeastOnceOverScramAndTls) {
  SecureWorld world(servers().older());
  world.kafka_access = world.scram(world.file("kafka-password", kScramPassword));
  world.more_of_pipeline = "    delivery: at_least_once\n";
  expect_delivery(world);
}

/// What the pipeline says of a start that cannot succeed.
void expect_refusal(SecureWorld& world, const std::string& reason, const std::string& hint) {
  world.setup();
  world.start();
  const PipelineReport report = world.wait_reason(reason);
  EXPECT_THAT(report.hint, HasSubstr(hint)) << report.reason;
  EXPECT_TRUE(world.relay().is_live());
  EXPECT_FALSE(world.relay().is_ready());
}

TEST(Security, APostgresOfAnotherAuthorityIsNotTrusted) {
  SecureWorld world;
  world.postgres_access.authority = servers().other_authority().file();
  expect_refusal(world, "certificate verify failed", "sslrootcert");
}

TEST(Security, APostgresOfAnotherNameIsNotTrusted) {
  SecureWorld world;
  world.postgres_access.host = "elsewhere.example";
  expect_refusal(world, "does not match host name \"elsewhere.example\"", "hostaddr");
}

TEST(Security, APostgresThatWantsACertificateSaysSo) {
  SecureWorld world;
  world.postgres_access.certificate.clear();
  expect_refusal(world, "requires a valid client certificate", "sslcert=");
}

TEST(Security, AnExpiredCertificateForPostgresIsNamed) {
  SecureWorld world;
  const Certificate expired = servers().authority().issue_expired("relay");
  world.postgres_access.certificate = expired.certificate;
  world.postgres_access.key = expired.key;
  expect_refusal(world, "certificate expired", "not expired");
}

TEST(Security, APostgresThatWantsTlsSaysSo) {
  SecureWorld world;
  world.postgres_access.mode = "disable";
  expect_refusal(world, "no encryption", "sslmode=verify-full");
}

TEST(Security, AWrongPasswordForPostgresIsDeniedWithoutShowingIt) {
  SecureWorld world;
  world.file("postgres-password", "wrong-secret-5150");
  expect_refusal(world, "password authentication failed", "password");
  EXPECT_THAT(world.relay().log(), Not(HasSubstr("wrong-secret-5150")));
}

TEST(Security, BrokersOfAnotherAuthorityAreNotTrusted) {
  SecureWorld world;
  world.kafka_access = "bootstrap_servers: \"" + servers().newest().login() +
                       "\", tls: { ca_file: \"" + servers().other_authority().file().string() +
                       "\" }, sasl: { username: relay, password: \"" + kScramPassword + "\" }";
  expect_refusal(world, "certificate verify failed", "tls.ca_file");
}

TEST(Security, ABrokerOfAnotherNameIsNotTrusted) {
  SecureWorld world;
  // The same address, not as the certificate writes it.
  const std::string login = servers().newest().login();
  const std::string another_name = "127.1" + login.substr(login.find(':'));
  world.kafka_access = "bootstrap_servers: \"" + another_name + "\", tls: { ca_file: \"" +
                       servers().authority().file().string() +
                       "\" }, sasl: { username: relay, password: \"" + kScramPassword + "\" }";
  expect_refusal(world, "certificate verify failed", "name the hosts");
}

TEST(Security, AnExpiredCertificateForKafkaIsNamed) {
  SecureWorld world;
  world.kafka_access = world.mutual(servers().authority().issue_expired("relay"));
  expect_refusal(world, "SSL", "has not expired");
}

TEST(Security, ABrokerThatWantsACertificateSaysSo) {
  SecureWorld world;
  world.kafka_access = "bootstrap_servers: \"" + servers().newest().mutual() +
                       "\", tls: { ca_file: \"" + servers().authority().file().string() + "\" }";
  expect_refusal(world, "SSL", "tls.certificate_file");
}

TEST(Security, AWrongScramPasswordIsDenied) {
  SecureWorld world(servers().older());
  world.kafka_access = world.scram(world.file("kafka-password", "wrong-secret-5151"));
  expect_refusal(world, "Authentication failed", "sink.kafka.sasl");
  EXPECT_THAT(world.relay().log(), Not(HasSubstr("wrong-secret-5151")));
}

TEST(Security, ABrokerWithoutTlsIsNamed) {
  SecureWorld world;
  world.kafka_access = "bootstrap_servers: \"" + servers().newest().plaintext() + "\", tls: {}";
  expect_refusal(world, "SSL handshake failed", "speaks no TLS");
}

TEST(Security, ABrokerThatWantsTlsIsNamed) {
  SecureWorld world;
  world.kafka_access = "bootstrap_servers: \"" + servers().newest().login() + "\"";
  expect_refusal(world, "security.protocol", "sink.kafka.tls");
}

TEST(Security, WithoutRightsOnTheTopicsTheAclIsNamed) {
  SecureWorld world;
  world.name = "denied";
  expect_refusal(world, "authorization failed", "--operation DescribeConfigs");
}

TEST(Security, WithoutRightsOnTheTransactionalIdsTheAclIsNamed) {
  SecureWorld world;
  world.name = "untransactional";
  servers().newest().kafka().allow_topics({"User:relay"}, world.name);
  expect_refusal(world, "ransactional", "--transactional-id");
}

TEST(Security, ScramThatTheLibraryCannotSpeakToThisBrokerIsExplained) {
  SecureWorld world;
  servers().newest().kafka().set_scram_password("relay", kScramPassword);
  world.kafka_access = world.scram(world.file("kafka-password", kScramPassword));
  expect_refusal(world, "Authentication failed", "librdkafka 2.6.1");
}

/// Everything that the relay shows to people.
std::string everything_shown(SecureWorld& world) {
  std::string shown = world.relay().command({"check"}) +
                      world.relay().command({"config", "print"}) + world.relay().log();
  for (const char* page : {"/", "/metrics", "/livez", "/readyz?verbose", "/status", "/version"}) {
    shown += world.relay().http_get(page).value_or("");
  }
  return shown;
}

void expect_no_secret(const std::string& shown) {
  EXPECT_GT(shown.size(), 1000U);
  for (const std::string& secret :
       {kPostgresPassword, kScramPassword, kPlainPassword, std::string("secret-of-uri"),
        std::string("secret-of-keystore"), std::string("secret-of-client")}) {
    EXPECT_THAT(shown, Not(HasSubstr(secret)));
  }
}

TEST(Security, NoSecretShowsWhileAllIsWell) {
  SecureWorld world;
  world.kafka_access +=
      ", librdkafka: { ssl.keystore.password: secret-of-keystore, sasl.oauthbearer.config: "
      "secret-of-client, debug: all }";
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  expect_no_secret(everything_shown(world));
}

TEST(Security, NoSecretShowsWhenKafkaRefusesTheLogin) {
  SecureWorld world;
  world.kafka_access = world.plain("secret-of-client");
  expect_refusal(world, "Authentication failed", "sink.kafka.sasl");
  expect_no_secret(everything_shown(world));
}

TEST(Security, NoSecretShowsWhenPostgresRefusesTheLogin) {
  SecureWorld world;
  world.more_of_postgres = ", password: secret-of-uri";
  expect_refusal(world, "password authentication failed", "password");
  expect_no_secret(everything_shown(world));
}

TEST(Security, APasswordInAUriDoesNotShow) {
  SecureWorld world;
  world.whole_dsn =
      "postgresql://relay:secret-of-uri@127.0.0.1:" + std::to_string(servers().postgres().port()) +
      "/secure?sslmode=require";
  world.write();
  world.start();
  const PipelineReport report = world.wait_reason("connect to Postgres");
  EXPECT_FALSE(report.hint.empty());
  expect_no_secret(everything_shown(world));
}

TEST(Security, APasswordForPostgresIsReplacedWhileTheRelayRuns) {
  SecureWorld world;
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  world.file("postgres-password", "postgres-secret-new");
  world.sql("alter role relay password 'postgres-secret-new'");
  world.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'relay'");
  world.emit(4);
  world.wait_delivered(7);
  world.sql("alter role relay password '" + kPostgresPassword + "'");
}

/// The broker comes back with another password, which stands in the file by then.
void expect_replaced_password(const std::string& delivery) {
  SecureBroker& broker = servers().older();
  SecureWorld world(broker);
  world.more_of_pipeline = "    delivery: " + delivery + "\n";
  world.kafka_access = world.scram(world.file("kafka-password", kScramPassword));
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  broker.kafka().set_scram_password("relay", "scram-secret-new");
  broker.kafka().kill_hard();
  broker.kafka().start();
  world.emit(4);
  world.file("kafka-password", "scram-secret-new");
  world.wait_delivered(7);
  EXPECT_EQ(world.relay().metric("outrider_rebuilds_total", "main"), 0);
  broker.kafka().set_scram_password("relay", kScramPassword);
}

TEST(Security, APasswordForKafkaIsReplacedWhileTheRelayRuns) {
  expect_replaced_password("exactly_once");
}

TEST(Security, APasswordForKafkaIsReplacedWhileTheRelayRunsAtLeastOnce) {
  expect_replaced_password("at_least_once");
}

/// The broker comes back and trusts another authority, of which the files hold a certificate later.
void expect_replaced_certificate(const std::string& delivery) {
  SecureBroker& broker = servers().newest();
  SecureWorld world;
  const Certificate old = servers().authority().issue("relay");
  const Certificate fresh = servers().other_authority().issue("relay");
  const Certificate used{.certificate = world.folder() / "relay.pem",
                         .key = world.folder() / "relay.key"};
  const auto use = [&](const Certificate& certificate) {
    using enum std::filesystem::copy_options;
    std::filesystem::copy_file(certificate.key, used.key, overwrite_existing);
    std::filesystem::copy_file(certificate.certificate, used.certificate, overwrite_existing);
  };
  use(old);
  world.more_of_pipeline = "    delivery: " + delivery + "\n";
  world.kafka_access = world.mutual(used);
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  broker.trust_clients_of(servers().other_authority());
  broker.kafka().kill_hard();
  broker.kafka().start();
  use(fresh);
  world.emit(4);
  world.wait_delivered(7);
  broker.trust_clients_of(servers().authority());
  broker.kafka().kill_hard();
  broker.kafka().start();
}

TEST(Security, ACertificateForKafkaIsReplacedWhileTheRelayRuns) {
  expect_replaced_certificate("exactly_once");
}

TEST(Security, ACertificateForKafkaIsReplacedWhileTheRelayRunsAtLeastOnce) {
  expect_replaced_certificate("at_least_once");
}

}  // namespace
}  // namespace outrider::testing
