#include "tests/integration/secure_world.h"

#include "tests/support/sql.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;
const std::vector<std::string> kPrincipals = {"User:relay", "User:CN=relay"};
const std::string kAllowedPrefix = "secure";

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string next_number() {
  static int number = 0;
  return std::to_string(++number);
}

}  // namespace

SecureServers& SecureServers::shared() {
  static SecureServers servers;
  return servers;
}

SecureServers::SecureServers()
    : postgres_(folder_.path() / "postgres", postgres_settings()),
      newest_(folder_.path() / "newest", authority_, KafkaServer::Version::Newest) {
  Sql(postgres_.dsn("postgres")).run("alter role relay password '" + kPostgresPassword + "'");
}

SecureBroker& SecureServers::older() {
  if (!older_) {
    older_ = std::make_unique<SecureBroker>(folder_.path() / "older", authority_,
                                            KafkaServer::Version::Older);
    older_->kafka().set_scram_password("relay", kScramPassword);
  }
  return *older_;
}

void SecureServers::let_postgres_trust(const Authority& authority) const {
  postgres_.set("ssl_ca_file", authority.file().string());
}

PostgresServer::Settings SecureServers::postgres_settings() const {
  const Certificate server = authority_.issue("postgres");
  if (geteuid() == 0) run({"chown", "postgres", server.key.string()});
  const std::filesystem::path rules = folder_.path() / "pg_hba.conf";
  std::ofstream(rules)
      << "local   all all      trust\n"
         "host    all postgres 127.0.0.1/32 trust\n"
         "hostssl all relay    127.0.0.1/32 scram-sha-256 clientcert=verify-full\n";
  return {{"ssl", "on"},
          {"ssl_cert_file", "'" + server.certificate.string() + "'"},
          {"ssl_key_file", "'" + server.key.string() + "'"},
          {"ssl_ca_file", "'" + authority_.file().string() + "'"},
          {"hba_file", "'" + rules.string() + "'"}};
}

SecureBroker::SecureBroker(std::filesystem::path folder, const Authority& authority,
                           KafkaServer::Version version)
    : folder_(std::move(folder)),
      kafka_(folder_ / "server", settings(authority), {login_, mutual_}, version) {
  kafka_.allow_topics(kPrincipals, kAllowedPrefix);
  kafka_.allow_transactions(kPrincipals, kAllowedPrefix);
}

KafkaServer::Settings SecureBroker::settings(const Authority& authority) const {
  std::filesystem::create_directories(folder_);
  use_certificate_of(authority);
  trust_clients_of(authority);
  return {{"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
          {"super.users", "User:ANONYMOUS"},
          {"transaction.max.timeout.ms", "600000"},
          {"ssl.keystore.type", "PEM"},
          {"ssl.keystore.location", (folder_ / "broker.pem").string()},
          {"ssl.truststore.type", "PEM"},
          {"ssl.truststore.location", (folder_ / "trusted.pem").string()},
          {"listener.name.mutual.ssl.client.auth", "required"},
          {"listener.name.login.sasl.enabled.mechanisms", "SCRAM-SHA-512,PLAIN"},
          {"listener.name.login.scram-sha-512.sasl.jaas.config",
           "org.apache.kafka.common.security.scram.ScramLoginModule required;"},
          {"listener.name.login.plain.sasl.jaas.config",
           "org.apache.kafka.common.security.plain.PlainLoginModule required user_relay=\"" +
               kPlainPassword + "\";"}};
}

void SecureBroker::use_certificate_of(const Authority& authority) const {
  const Certificate broker = authority.issue("broker");
  std::ofstream(folder_ / "broker.pem") << text_of(broker.key) << text_of(broker.certificate);
}

void SecureBroker::trust_clients_of(const Authority& authority) const {
  std::filesystem::copy_file(authority.file(), folder_ / "trusted.pem",
                             std::filesystem::copy_options::overwrite_existing);
}

SecureWorld::SecureWorld(SecureBroker& broker) : broker_(broker), number_(next_number()) {
  SecureServers& servers = SecureServers::shared();
  servers.postgres().create_database("secure" + number_);
  postgres_access.authority = servers.authority().file();
  postgres_access.show(servers.authority().issue("relay"));
  more_of_postgres = ", password_file: \"" + file("postgres-password", kPostgresPassword) + "\"";
  kafka_access = plain(kPlainPassword);
}

std::string SecureWorld::file(const std::string& file_name, const std::string& content) const {
  const std::filesystem::path path = folder() / file_name;
  // Put in place as a whole, as those who replace secrets do.
  std::ofstream(path.string() + ".new") << content << "\n";
  std::filesystem::rename(path.string() + ".new", path);
  return path;
}

std::string SecureWorld::scram(const std::string& password_file) const {
  SecureServers& servers = SecureServers::shared();
  return "bootstrap_servers: \"" + broker_.login() + "\", tls: { ca_file: \"" +
         servers.authority().file().string() + "\" }, sasl: { username: relay, password_file: \"" +
         password_file + "\" }";
}

std::string SecureWorld::plain(const std::string& password) const {
  return plain(password, SecureServers::shared().authority().file());
}

std::string SecureWorld::plain(const std::string& password,
                               const std::filesystem::path& trusted) const {
  return "bootstrap_servers: \"" + broker_.login() + "\", tls: { ca_file: \"" + trusted.string() +
         "\" }, sasl: { mechanism: PLAIN, username: relay, password: \"" + password + "\" }";
}

std::string SecureWorld::mutual(const Certificate& certificate) const {
  SecureServers& servers = SecureServers::shared();
  return "bootstrap_servers: \"" + broker_.mutual() + "\", tls: { ca_file: \"" +
         servers.authority().file().string() + "\", certificate_file: \"" +
         certificate.certificate.string() + "\", key_file: \"" + certificate.key.string() + "\" }";
}

std::string SecureWorld::dsn() const {
  if (!whole_dsn.empty()) return whole_dsn;
  const PostgresAccess& access = postgres_access;
  std::string dsn = "host=" + access.host + " hostaddr=127.0.0.1 port=" +
                    std::to_string(SecureServers::shared().postgres().port()) +
                    " dbname=" + database() + " user=relay sslmode=" + access.mode;
  if (!access.authority.empty()) dsn += " sslrootcert=" + access.authority;
  if (!access.certificate.empty()) {
    dsn += " sslcert=" + access.certificate + " sslkey=" + access.key;
  }
  if (!access.key_password.empty()) dsn += " sslpassword=" + access.key_password;
  return dsn + more_of_dsn;
}

std::string SecureWorld::yaml() const {
  return "  main:\n    identity: " + identity() + "\n" + more_of_pipeline +
         "    source: { postgres: { dsn: \"" + dsn() + "\", slot: secure" + number_ +
         more_of_postgres + " } }\n    outbox: { topic: \"" + prefix() + number_ +
         ".{aggregatetype}\" }\n    sink: { kafka: { " + kafka_access + " } }\n";
}

void SecureWorld::write() {
  relay_ = std::make_unique<RelayProcess>(RelayProcess::Options{.folder = folder(),
                                                                .pipelines = yaml(),
                                                                .log_format = log_format,
                                                                .web_config_file = web_config_file,
                                                                .http_user = http_user,
                                                                .http_password = http_password});
}

void SecureWorld::setup() {
  write();
  relay_->command({"setup", "--dsn", owner_dsn(), "--role", "relay"});
}

std::string SecureWorld::said(std::vector<std::string> words) const {
  std::vector<std::string> command = {"sh", "-c",
                                      "timeout --signal=INT --kill-after=5 20 \"$@\" 2>&1; true",
                                      "sh", OUTRIDER_BINARY};
  command.insert(command.end(), words.begin(), words.end());
  command.insert(command.end(), {"-c", relay_->configuration().string()});
  return run(command);
}

std::string SecureWorld::all_files() const {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
    const std::string ending = entry.path().extension();
    if (entry.is_regular_file() && ending != ".log") all += text_of(entry.path());
  }
  return all;
}

void SecureWorld::sql(const std::string& statements) const { Sql(owner_dsn()).run(statements); }

void SecureWorld::emit(int events) const {
  sql("insert into outbox (id, aggregatetype, aggregateid, type, payload) select "
      "gen_random_uuid(), 'order', n::text, 'created', '{}' from generate_series(1, " +
      std::to_string(events) + ") n");
}

std::vector<Delivered> SecureWorld::wait_delivered(std::size_t events) {
  std::vector<Delivered> found;
  const bool came = eventually(kPatience, [&] {
    found = read_topic(broker_.plaintext(), topic());
    return found.size() >= events;
  });
  if (!came) throw std::runtime_error("waited in vain for events:\n" + relay_->log());
  EXPECT_EQ(found.size(), events);
  return found;
}

PipelineReport SecureWorld::wait_reason(const std::string& words) {
  PipelineReport report;
  const bool came = eventually(kPatience, [&] {
    report = relay_->report("main").value_or(PipelineReport{});
    return report.reason.find(words) != std::string::npos;
  });
  if (!came) {
    throw std::runtime_error("never said \"" + words + "\" but \"" + report.reason + "\":\n" +
                             relay_->log());
  }
  return report;
}

}  // namespace outrider::testing
