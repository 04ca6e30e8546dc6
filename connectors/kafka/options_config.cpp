#include "connectors/kafka/options_config.h"

#include "connectors/kafka/properties.h"

#include <optional>
#include <string>

namespace outrider::kafka {
namespace {

constexpr std::size_t kKibibyte = 1024;
constexpr std::size_t kGibibyte = kKibibyte * kKibibyte * kKibibyte;

std::optional<std::string> check_servers(const std::string& servers) {
  if (servers.find_first_not_of(" ,") != std::string::npos) return std::nullopt;
  return "must name a server, such as localhost:9092";
}

std::optional<std::string> check_not_empty(const std::string& text) {
  return text.empty() ? std::optional<std::string>("must not be empty") : std::nullopt;
}

std::optional<std::string> check_property_name(const std::string& name) {
  const Result<void> allowed = check_property(name);
  return allowed ? std::nullopt : std::optional<std::string>(allowed.error().what);
}

}  // namespace

void describe(config::Section<Tls>& section) {
  section
      .field("ca_file", &Tls::ca_file,
             "PEM file with the authorities that sign the brokers' certificates. Default: those of "
             "the system.")
      .check(check_not_empty);
  section
      .field("certificate_file", &Tls::certificate_file,
             "PEM file with the relay's own certificate and its chain, for brokers that ask for "
             "one.")
      .check(check_not_empty);
  section.field("key_file", &Tls::key_file, "PEM file with the certificate's private key.")
      .check(check_not_empty);
  section
      .field("key_password_file", &Tls::key_password_file,
             "File with the password of an encrypted key_file in its first line.")
      .check(check_not_empty);
}

void describe(config::Section<Sasl>& section) {
  section.field("mechanism", &Sasl::mechanism, "How to log in; others by librdkafka properties.")
      .names({{"SCRAM-SHA-512", SaslMechanism::ScramSha512},
              {"SCRAM-SHA-256", SaslMechanism::ScramSha256},
              {"PLAIN", SaslMechanism::Plain}});
  section.field("username", &Sasl::username, "The relay's user.").required().check(check_not_empty);
  section.field("password", &Sasl::password, "Password.").secret();
  section
      .field("password_file", &Sasl::password_file,
             "File with the password in its first line; read again when a broker refuses it.")
      .check(check_not_empty);
  section.exactly_one({"password", "password_file"});
}

void describe(config::Section<Options>& section) {
  using std::chrono_literals::operator""s;
  using std::chrono_literals::operator""min;
  section
      .field("bootstrap_servers", &Options::bootstrap_servers,
             "Brokers to begin with, host:port separated by commas.")
      .required()
      .check(check_servers);

  section.field("tls", &Options::tls,
                "TLS to the brokers, whose certificates must name them; `tls: {}` for TLS with the "
                "system's authorities. Files are read again when a client is made or refused.");
  section.field("sasl", &Options::sasl, "Log in with user and password.");

  auto& topics = section.group("topics", "Topics that events go to.");
  topics.field("create", &Options::create_topics,
               "Create missing topics with the broker's default partitions and replication; "
               "otherwise a missing topic halts the pipeline.");
  topics
      .field("on_partition_change", &Options::on_partition_change,
             "When a topic has got more partitions, so that keys go elsewhere than before and the "
             "order of their events is lost: warn and go on, or halt.")
      .names({{"warn", OnPartitionChange::Warn}, {"halt", OnPartitionChange::Halt}});

  auto& checkpoint = section.group("checkpoint", "The topic that holds the position.");
  checkpoint
      .field("replication", &Options::checkpoint_replication,
             "Its replication factor. Default: the broker's.")
      .range(1, 32'767);

  auto& transaction = section.group(
      "transaction", "How large a Kafka transaction may grow while the relay is behind.");
  transaction
      .field("records_max", &Options::transaction_records_max,
             "Closed at the next end of a source transaction once it holds so many records.")
      .range(1, 1'000'000);
  transaction
      .field("bytes_max", &Options::transaction_bytes_max,
             "Closed at the next end of a source transaction once it holds so many bytes.")
      .bytes()
      .range(64 * kKibibyte, kGibibyte);
  transaction
      .field("timeout", &Options::transaction_timeout,
             "The broker aborts an open transaction after this time; at most the broker's "
             "transaction.max.timeout.ms.")
      .range(1s, 15min);

  section
      .field("librdkafka", &Options::librdkafka,
             "Properties of librdkafka passed on as they are (linger.ms, compression.type, "
             "ssl.crl.location, …), except those that the promises own or that load code.")
      .secret()
      .check_key(check_property_name);
}

}  // namespace outrider::kafka
