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

std::optional<std::string> check_property_name(const std::string& name) {
  const Result<void> allowed = check_property(name);
  return allowed ? std::nullopt : std::optional<std::string>(allowed.error().what);
}

}  // namespace

void describe(config::Section<Options>& section) {
  using std::chrono_literals::operator""s;
  using std::chrono_literals::operator""min;
  section
      .field("bootstrap_servers", &Options::bootstrap_servers,
             "Brokers to begin with, host:port separated by commas.")
      .required()
      .check(check_servers);

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
             "Properties of librdkafka passed on as they are (security.protocol, sasl.*, ssl.*, "
             "linger.ms, compression.type, …), except those that the promises own.")
      .secret()
      .check_key(check_property_name);
}

}  // namespace outrider::kafka
