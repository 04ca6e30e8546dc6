#include "connectors/kafka/librdkafka_examine.h"

#include "connectors/kafka/client.h"
#include "connectors/kafka/examination.h"
#include "connectors/kafka/librdkafka_admin.h"
#include "connectors/kafka/librdkafka_config.h"

#include <algorithm>
#include <set>
#include <utility>

namespace outrider::kafka {
namespace {

using Use = ExaminedTopic::Use;

constexpr int kAnswerTimeoutMs = 10'000;
constexpr std::size_t kTopicsMost = 50;

void hear(rd_kafka_t*, int code, const char* reason, void* heard) {
  static_cast<BrokerReason*>(heard)->hear(code, reason);
}

/// One look; the handle tells `heard_` why brokers do not answer.
class Look {
 public:
  explicit Look(const Options& options) : options_(options) {}

  Result<ClusterFacts> take(const EventTopics& wanted);

 private:
  Error explain(rd_kafka_t* handle, const JobFailure& failed);
  Result<std::vector<std::string>> look_at_cluster();
  void look_at_broker(BrokerFacts& broker);
  ExaminedTopic look_at_topic(const std::string& name, Use use);
  Result<void> try_transaction();

  const Options& options_;
  BrokerReason heard_;  // Before the handles, which tell it.
  Handle reader_;
  ClusterFacts facts_;
};

Error Look::explain(rd_kafka_t* handle, const JobFailure& failed) {
  rd_kafka_poll(handle, 0);
  return to_error(explained(failed.error, heard_), failed.act);
}

Result<ClusterFacts> Look::take(const EventTopics& wanted) {
  Answer<Handle> reader = make_reader(options_, Isolation::ReadCommitted, {hear, &heard_});
  if (!reader) return std::unexpected(reader.error().to_error());
  reader_ = std::move(*reader);
  OUTRIDER_TRY(facts_.record_bytes_max, message_bytes_max(options_));
  OUTRIDER_TRY(const std::vector<std::string> existing, look_at_cluster());
  for (BrokerFacts& broker : facts_.brokers) look_at_broker(broker);
  const bool has_any = std::ranges::any_of(
      facts_.brokers, [](const BrokerFacts& broker) { return !broker.unreachable; });
  if (!has_any) return std::move(facts_);
  facts_.topics.push_back(look_at_topic(options_.identity, Use::Checkpoint));
  std::set<std::string> names(wanted.names.begin(), wanted.names.end());
  for (const std::string& topic : existing) {
    if (!wanted.fits(topic) || names.contains(topic)) continue;
    if (names.size() < kTopicsMost) {
      names.insert(topic);
    } else {
      ++facts_.topics_left_out;
    }
  }
  for (const std::string& name : names) facts_.topics.push_back(look_at_topic(name, Use::Events));
  if (options_.delivery == Delivery::ExactlyOnce) {
    Result<void> tried = try_transaction();
    if (!tried) facts_.untransacted = std::move(tried).error();
  }
  return std::move(facts_);
}

/// The brokers, and the names of all topics that may be seen.
Result<std::vector<std::string>> Look::look_at_cluster() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(reader_.get(), 1, nullptr, &raw, kAnswerTimeoutMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(
        explain(reader_.get(), {.error = error_of(code), .act = "ask for the brokers"}));
  }
  const Metadata metadata(raw);
  for (int i = 0; i < metadata->broker_cnt; ++i) {
    const rd_kafka_metadata_broker_t& broker = metadata->brokers[i];
    facts_.brokers.push_back({.id = broker.id,
                              .address = broker.host + (":" + std::to_string(broker.port)),
                              .unreachable = {}});
  }
  std::vector<std::string> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) topics.emplace_back(metadata->topics[i].topic);
  return topics;
}

void Look::look_at_broker(BrokerFacts& broker) {
  heard_ = {};
  auto settings = settings_of(reader_.get(), RD_KAFKA_RESOURCE_BROKER, std::to_string(broker.id));
  if (settings) {
    broker.settings = std::move(*settings);
    return;
  }
  Error error = explain(reader_.get(), settings.error());
  // One that refuses to tell its settings answers all the same.
  if (error.kind == ErrorKind::Unavailable) broker.unreachable = std::move(error);
}

ExaminedTopic Look::look_at_topic(const std::string& name, Use use) {
  ExaminedTopic topic{.name = name, .use = use};
  Answer<TopicPartitions> found = look_up_topic(reader_.get(), name);
  if (!found) {
    topic.refused = explain(reader_.get(), found.error());
    return topic;
  }
  topic.partitions = *found;
  if (topic.partitions.count > 0) {
    // Where the relay may not see them, that is found by what it may not do.
    topic.settings = settings_of(reader_.get(), RD_KAFKA_RESOURCE_TOPIC, name).value_or(Settings{});
  } else if (use == Use::Checkpoint || options_.create_topics) {
    const TopicPlan plan =
        use == Use::Checkpoint ? checkpoint_topic_plan(options_) : TopicPlan{.name = name};
    const Answer<void> tried = try_to_create_topic(reader_.get(), plan);
    if (!tried) topic.refused = explain(reader_.get(), tried.error());
  }
  return topic;
}

Result<void> Look::try_transaction() {
  OUTRIDER_TRY(
      Configuration configuration,
      producer_configuration(options_, trial_transactional_id(options_.identity), kBatchBytesMax));
  heard_ = {};
  rd_kafka_conf_set_opaque(configuration.get(), &heard_);
  rd_kafka_conf_set_error_cb(configuration.get(), hear);
  auto producer = make_client(RD_KAFKA_PRODUCER, std::move(configuration));
  if (!producer) return std::unexpected(to_error(producer.error(), "make a Kafka producer"));
  const ErrorObject error(rd_kafka_init_transactions(producer->get(), kAnswerTimeoutMs));
  if (!error) return {};
  return std::unexpected(
      explain(producer->get(), {.error = error_of(producer->get(), error.get()),
                                .act = "begin transactions of \"" + options_.identity + "\""}));
}

}  // namespace

Examination examine_cluster(const Options& options, const EventTopics& topics) {
  Look look(options);
  Result<ClusterFacts> facts = look.take(topics);
  if (!facts) {
    return {.subject = "Kafka at " + options.bootstrap_servers,
            .findings = {Finding::of(std::move(facts).error())}};
  }
  return {.subject = describe_cluster(options, *facts), .findings = examine(options, *facts)};
}

}  // namespace outrider::kafka
