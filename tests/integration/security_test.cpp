// The relay on servers that want TLS, certificates and passwords: what works, and what each refusal
// says.
#include "tests/integration/secure_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

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
  world.postgres_access.show(servers().authority().issue_expired("relay"));
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

const std::string kOwnerPassword = "owner-secret-20a1";
const std::string kWebPassword = "web-secret-77d0";
// Of that, with the least cost there is.
const std::string kWebHash = "$2b$04$abcdefghijklmnopqrstuu6GZpuATsXSZX5nz8ZIAeEoPLlgngDca";
// "prometheus:" and the password, as HTTP sends them.
const std::string kWebCredentials = "cHJvbWV0aGV1czp3ZWItc2VjcmV0LTc3ZDA=";

/// A world with secrets wherever a configuration or a command can hold one, and everything that
/// the program shows of it.
class Confidant {
 public:
  explicit Confidant(SecureBroker& broker) : world(broker) {
    plant(kOwnerPassword);
    std::filesystem::remove(world.folder() / "postgres-password");
    world.more_of_postgres.clear();
  }

  std::string plant(const std::string& secret) {
    planted_.push_back(secret);
    return secret;
  }
  void use_web_config() {
    const std::string users = "basic_auth_users: { prometheus: \"" + plant(kWebHash) + "\" }";
    world.web_config_file = world.file("web.yaml", users);
    world.http_user = "prometheus";
    world.http_password = kWebPassword;
  }

  /// Each of the logs is one of a relay that got as far as `reason` says; empty: to delivery.
  void expect_that_nothing_shows(const std::string& reason) {
    world.setup();
    for (const char* format : {"text", "json"}) {
      world.log_format = format;
      world.write();
      world.start();
      reach(reason);
      ask_relay();
      show(std::string("log as ") + format, world.relay().log());
      world.relay().stop();
    }
    ask_commands();
    compare();
  }

  SecureWorld world;

 private:
  void reach(const std::string& reason) {
    if (!reason.empty()) {
      world.wait_reason(reason);
      return;
    }
    world.emit(3);
    const bool came = eventually(
        60s, [&] { return world.relay().metric("outrider_events_published_total", "main") >= 3; });
    EXPECT_TRUE(came) << world.relay().log();
  }

  void ask_relay() {
    for (const char* page : {"/", "/metrics", "/livez", "/readyz?verbose", "/status", "/version"}) {
      show(page, world.relay().http_body(page).value_or(""));
    }
    ask({"status"});
    ask({"status", "--format", "json"});
    // Silent if all is well.
    shown_["healthcheck"] += world.said({"healthcheck"}) + world.said({"healthcheck", "--ready"});
    tail();
    ask({"emit", "--aggregate-type", "order", "--aggregate-id", "1", "--type", "t", "--wait",
         "--timeout", "2"});
    ask(as_owner({"emit", "--aggregate-type", "order", "--aggregate-id", "1", "--type", "t"}));
  }

  void ask_commands() {
    ask({"check"});
    ask({"check", "--connect"});
    ask({"config", "print"});
    ask({"config", "print", "--format", "json"});
    ask({"tail", "--topic", world.topic(), "--from-beginning", "--events", "1"});
    ask({"checkpoint", "show"});
    ask({"skip", "--event", "0/1A2B3C8:4"});
    for (const auto& as : {&Confidant::as_owner, &Confidant::as_nobody}) {
      ask((this->*as)({"setup", "--role", "relay"}));
      ask((this->*as)({"teardown"}));
    }
  }

  std::vector<std::string> with_dsn(std::vector<std::string> words, const std::string& dsn) {
    words.insert(words.end(), {"--dsn", dsn + " password=" + kOwnerPassword});
    return words;
  }
  std::vector<std::string> as_owner(std::vector<std::string> words) {
    return with_dsn(std::move(words), world.owner_dsn());
  }
  std::vector<std::string> as_nobody(std::vector<std::string> words) {
    return with_dsn(std::move(words), "host=127.0.0.1 dbname=secure user=relay port=" +
                                          std::to_string(servers().postgres().port()));
  }

  void ask(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += word + " ";
    arguments_ += line;
    show(line, world.said(words));
  }

  void show(const std::string& what, const std::string& text) {
    EXPECT_FALSE(text.empty()) << what;
    shown_[what] += text;
  }

  void compare() {
    EXPECT_THAT(shown_["log as json"], HasSubstr("{\"")) << "is no JSON";
    const std::string given = world.all_files() + arguments_;
    for (const std::string& secret : planted_) {
      EXPECT_THAT(given, HasSubstr(secret)) << "is not there to be found";
    }
    for (const std::string& sent : {kWebPassword, kWebCredentials}) planted_.push_back(sent);
    for (const std::string& secret : planted_) {
      for (const auto& [what, text] : shown_) EXPECT_THAT(text, Not(HasSubstr(secret))) << what;
    }
  }

  void tail();

  std::vector<std::string> planted_;
  std::string arguments_;
  std::map<std::string, std::string> shown_;
};

/// Of one event that is emitted once it follows; where it cannot, it ends by itself.
void Confidant::tail() {
  const std::filesystem::path output = world.folder() / "tail.log";
  std::filesystem::remove(output);
  Process process(Process::Options{.command = {OUTRIDER_BINARY, "tail", "--events", "1", "-c",
                                               world.relay().configuration().string()},
                                   .log = output});
  const auto said = [&] {
    std::ifstream file(output);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_TRUE(eventually(20s, [&] {
    return !process.is_running() || said().find("following") != std::string::npos;
  })) << said();
  world.emit(1);
  EXPECT_TRUE(process.wait(20s)) << said();
  show("tail", said());
}

constexpr const char* kPostgresRefuses = "password authentication failed";
constexpr const char* kKafkaRefuses = "Authentication failed";

/// Secrets in files, and a key that is encrypted.
struct InFiles {
  std::string postgres = kPostgresPassword;
  std::string kafka = kScramPassword;
  std::string key = "key-secret-6b1e";  ///< As it is given; with this one it is encrypted.
};
void give(Confidant& confidant, const InFiles& secrets) {
  SecureWorld& world = confidant.world;
  const Certificate own = encrypted(servers().authority().issue("relay"), InFiles{}.key);
  world.postgres_access.show(own);
  world.postgres_access.key_password = confidant.plant(secrets.key);
  world.more_of_postgres = ", password_file: \"" +
                           world.file("postgres-password", confidant.plant(secrets.postgres)) +
                           "\"";
  world.kafka_access = world.scram(world.file("kafka-password", confidant.plant(secrets.kafka)));
}

/// Secrets in the configuration itself, and properties of librdkafka.
struct Inline {
  std::string postgres = kPostgresPassword;
  std::string kafka = kPlainPassword;
};
void give(Confidant& confidant, const Inline& secrets) {
  SecureWorld& world = confidant.world;
  confidant.use_web_config();
  world.more_of_postgres = ", password: \"" + confidant.plant(secrets.postgres) + "\"";
  world.kafka_access = world.plain(confidant.plant(secrets.kafka)) +
                       ", librdkafka: { debug: all, ssl.keystore.password: " +
                       confidant.plant("keystore-secret-0c55") +
                       ", sasl.oauthbearer.config: " + confidant.plant("bearer-secret-13fa") + " }";
}

/// Secrets in the URI of Postgres, and a certificate with an encrypted key in place of a login.
struct InUri {
  std::string postgres = kPostgresPassword;
  std::string sslkey = "uri-key-secret-90dd";
  std::string kafka_key = "kafka-key-secret-48f6";
};
void give(Confidant& confidant, const InUri& secrets) {
  SecureWorld& world = confidant.world;
  confidant.use_web_config();
  const Certificate own = servers().authority().issue("relay");
  const Certificate for_postgres = encrypted(own, InUri{}.sslkey);
  world.whole_dsn =
      "postgresql://relay:" + confidant.plant(secrets.postgres) +
      "@127.0.0.1:" + std::to_string(servers().postgres().port()) + "/" + world.database() +
      "?sslmode=verify-full&sslrootcert=" + servers().authority().file().string() +
      "&sslcert=" + for_postgres.certificate.string() + "&sslkey=" + for_postgres.key.string() +
      "&sslpassword=" + confidant.plant(secrets.sslkey);
  const Certificate for_kafka = encrypted(servers().authority().issue("relay"), InUri{}.kafka_key);
  world.kafka_access = world.mutual(for_kafka);
  world.kafka_access.insert(world.kafka_access.size() - 2,
                            ", key_password_file: \"" +
                                world.file("key-password", confidant.plant(secrets.kafka_key)) +
                                "\"");
}

/// `reason`: what the pipeline says of a login that is refused; empty where all is well.
void expect_no_secret(SecureBroker& broker, const auto& secrets, const std::string& reason) {
  Confidant confidant(broker);
  give(confidant, secrets);
  confidant.expect_that_nothing_shows(reason);
}

TEST(Security, NoSecretOfAFileShows) { expect_no_secret(servers().older(), InFiles{}, ""); }

TEST(Security, NoSecretOfTheConfigurationShows) {
  expect_no_secret(servers().newest(), Inline{}, "");
}

TEST(Security, NoSecretOfAUriShows) { expect_no_secret(servers().newest(), InUri{}, ""); }

TEST(Security, NoSecretShowsThatPostgresRefuses) {
  expect_no_secret(servers().older(), InFiles{.postgres = "wrong-secret-5001"}, kPostgresRefuses);
  expect_no_secret(servers().newest(), Inline{.postgres = "wrong-secret-5002"}, kPostgresRefuses);
  expect_no_secret(servers().newest(), InUri{.postgres = "wrong-secret-5003"}, kPostgresRefuses);
}

TEST(Security, NoSecretShowsThatKafkaRefuses) {
  expect_no_secret(servers().newest(), Inline{.kafka = "wrong-secret-5012"}, kKafkaRefuses);
}

TEST(Security, NoSecretShowsThatOpensNoKey) {
  expect_no_secret(servers().older(), InFiles{.key = "wrong-secret-5021"}, "private key");
  expect_no_secret(servers().newest(), InUri{.kafka_key = "wrong-secret-5022"}, "key");
}

TEST(Security, ThePasswordOfAnOwnersDsnNeedNotStandOnTheCommandLine) {
  SecureWorld world;
  world.setup();
  world.sql("grant insert on outbox to relay");
  const std::string pass = world.file("pgpass", "*:*:*:relay:" + kPostgresPassword);
  std::filesystem::permissions(pass, std::filesystem::perms{0600});
  const auto emit_with = [&](const std::string& variable) {
    return run({"env", variable, OUTRIDER_BINARY, "emit", "-c",
                world.relay().configuration().string(), "--dsn", world.dsn(), "--aggregate-type",
                "order", "--aggregate-id", "1", "--type", "t"});
  };
  EXPECT_THAT(emit_with("PGPASSWORD=" + kPostgresPassword), HasSubstr("is committed"));
  EXPECT_THAT(emit_with("PGPASSFILE=" + pass), HasSubstr("is committed"));
  EXPECT_THROW(emit_with("PGPASSFILE=/nowhere"), std::runtime_error);
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

/// While it lives, the broker was restarted with another authority for its own certificate, or for
/// those of its clients.
class UnderAnotherAuthority {
 public:
  using Change = void (SecureBroker::*)(const Authority&) const;

  UnderAnotherAuthority(SecureBroker& broker, Change change) : broker_(broker), change_(change) {
    restart_under(servers().other_authority());
  }
  ~UnderAnotherAuthority() { restart_under(servers().authority()); }
  UnderAnotherAuthority(const UnderAnotherAuthority&) = delete;
  UnderAnotherAuthority& operator=(const UnderAnotherAuthority&) = delete;

 private:
  void restart_under(const Authority& authority) {
    (broker_.*change_)(authority);
    broker_.kafka().kill_hard();
    broker_.kafka().start();
  }

  SecureBroker& broker_;
  const Change change_;
};

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
  const UnderAnotherAuthority changed(broker, &SecureBroker::trust_clients_of);
  use(fresh);
  world.emit(4);
  world.wait_delivered(7);
}

TEST(Security, ACertificateForKafkaIsReplacedWhileTheRelayRuns) {
  expect_replaced_certificate("exactly_once");
}

TEST(Security, ACertificateForKafkaIsReplacedWhileTheRelayRunsAtLeastOnce) {
  expect_replaced_certificate("at_least_once");
}

/// Puts files in the place of others, as those who replace certificates do.
void put(const std::filesystem::path& from, const std::filesystem::path& to) {
  using enum std::filesystem::copy_options;
  std::filesystem::copy_file(from, to.string() + ".new", overwrite_existing);
  std::filesystem::rename(to.string() + ".new", to);
}

TEST(Security, TheAuthorityOfTheBrokersIsReplacedWhileTheRelayRuns) {
  SecureBroker& broker = servers().newest();
  SecureWorld world;
  const std::filesystem::path trusted = world.folder() / "kafka-ca.pem";
  put(servers().authority().file(), trusted);
  world.kafka_access = world.plain(kPlainPassword, trusted);
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  const UnderAnotherAuthority changed(broker, &SecureBroker::use_certificate_of);
  world.emit(4);
  EXPECT_TRUE(eventually(60s, [&] {
    return world.relay().log().find("sink.kafka.tls.ca_file must hold") != std::string::npos;
  })) << world.relay().log();
  put(servers().other_authority().file(), trusted);
  world.wait_delivered(7);
}

TEST(Security, TheCertificateForPostgresIsReplacedWhileTheRelayRuns) {
  SecureWorld world;
  const Certificate used{.certificate = world.folder() / "relay.pem",
                         .key = world.folder() / "relay.key"};
  const auto use = [&](const Certificate& certificate) {
    put(certificate.key, used.key);
    put(certificate.certificate, used.certificate);
  };
  use(servers().authority().issue("relay"));
  world.postgres_access.show(used);
  world.setup();
  world.start();
  world.emit(3);
  world.wait_delivered(3);
  servers().let_postgres_trust(servers().other_authority());
  world.emit(4);
  // Until the server has taken the other authority it lets the relay in again.
  EXPECT_TRUE(eventually(60s, [&] {
    world.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'relay'");
    const PipelineReport report = world.relay().report("main").value_or(PipelineReport{});
    return report.hint.find("ssl_ca_file") != std::string::npos;
  })) << world.relay().log();
  use(servers().other_authority().issue("relay"));
  world.wait_delivered(7);
  servers().let_postgres_trust(servers().authority());
}

}  // namespace
}  // namespace outrider::testing
