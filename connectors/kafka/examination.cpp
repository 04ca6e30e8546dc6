#include "connectors/kafka/examination.h"

#include "connectors/kafka/checkpoint_topic.h"
#include "connectors/kafka/security.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace outrider::kafka {
namespace {

using Severity = Finding::Severity;
using Use = ExaminedTopic::Use;

std::optional<std::size_t> number_in(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  const std::string& text = found->second;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_loopback(std::string_view address) {
  if (const std::size_t scheme = address.find("://"); scheme != std::string_view::npos) {
    address.remove_prefix(scheme + 3);
  }
  return address.starts_with("localhost:") || address == "localhost" ||
         address.starts_with("127.") || address.starts_with("[::1]");
}

bool is_local(std::string_view servers) {
  while (!servers.empty()) {
    const std::size_t comma = std::min(servers.find(','), servers.size());
    std::string_view address = servers.substr(0, comma);
    address.remove_prefix(std::min(address.find_first_not_of(' '), address.size()));
    if (!address.empty() && !is_loopback(address)) return false;
    servers.remove_prefix(std::min(comma + 1, servers.size()));
  }
  return true;
}

bool is_plain(const Options& options) {
  return !options.tls && raw_protocol(options).value_or("").find("ssl") == std::string::npos;
}

class Examiner {
 public:
  Examiner(const Options& options, const ClusterFacts& facts) : options_(options), facts_(facts) {}

  Findings examine() {
    for (const BrokerFacts& broker : facts_.brokers) look_at_broker(broker);
    for (const ExaminedTopic& topic : facts_.topics) look_at_topic(topic);
    look_at_topics_to_come();
    if (facts_.untransacted) findings_.push_back(Finding::of(*facts_.untransacted));
    look_at_encryption();
    std::ranges::stable_sort(findings_, std::ranges::greater{}, &Finding::severity);
    return std::move(findings_);
  }

 private:
  void add(Severity severity, std::string what, std::string remedy,
           ErrorKind kind = ErrorKind::Misconfigured) {
    findings_.push_back({severity, kind, std::move(what), std::move(remedy)});
  }

  void look_at_broker(const BrokerFacts& broker) {
    if (!broker.unreachable) return;
    add(Severity::Error,
        fmt::format("broker {} is advertised as {}, where it does not answer: {}", broker.id,
                    broker.address, broker.unreachable->what),
        "advertised.listeners of that broker must name an address that this machine reaches",
        broker.unreachable->kind);
  }

  void look_at_topic(const ExaminedTopic& topic) {
    if (topic.refused) {
      findings_.push_back(Finding::of(*topic.refused));
    } else if (topic.partitions.count > 0) {
      look_at_replicas(topic);
      topic.use == Use::Checkpoint ? look_at_checkpoint(topic) : look_at_size(topic);
    } else if (topic.use == Use::Events && !options_.create_topics) {
      add(Severity::Error,
          fmt::format("topic \"{}\" does not exist, and topics.create is false", topic.name),
          fmt::format("kafka-topics.sh --create --topic {} --partitions …, or "
                      "sink.kafka.topics.create: true",
                      topic.name));
    }
  }

  void look_at_replicas(const ExaminedTopic& topic) {
    const std::string name = "topic \"" + topic.name + "\"";
    const TopicPartitions& partitions = topic.partitions;
    if (partitions.leaderless > 0) {
      add(Severity::Error,
          fmt::format("{} has {} of {} partitions without a leader", name, partitions.leaderless,
                      partitions.count),
          "bring the brokers of its replicas back (kafka-topics.sh --describe "
          "--unavailable-partitions)",
          ErrorKind::Unavailable);
      return;
    }
    const auto needed =
        static_cast<int>(number_in(topic.settings, "min.insync.replicas").value_or(1));
    if (needed > partitions.replicas) {
      add(Severity::Error,
          fmt::format("{} takes no record: it needs {} replicas in sync (min.insync.replicas) and "
                      "has {} in all",
                      name, needed, partitions.replicas),
          command_to_set_topic(topic.name,
                               fmt::format("min.insync.replicas={}", partitions.replicas)) +
              "; or give it more replicas (kafka-reassign-partitions.sh)");
    } else if (needed > partitions.in_sync) {
      add(Severity::Error,
          fmt::format("{} takes no record now: {} of its {} replicas are in sync, and it needs {}",
                      name, partitions.in_sync, partitions.replicas, needed),
          "bring the brokers of its replicas back (kafka-topics.sh --describe "
          "--under-min-isr-partitions)",
          ErrorKind::Unavailable);
    }
    if (partitions.replicas == 1 && facts_.brokers.size() > 1) {
      add(Severity::Warning, name + " has one replica: it is gone with its broker",
          "kafka-reassign-partitions.sh, and default.replication.factor for new topics");
    }
  }

  void look_at_checkpoint(const ExaminedTopic& topic) {
    // Without the right to describe it, the relay itself is refused, and says so.
    const auto policy = topic.settings.find("cleanup.policy");
    if (policy == topic.settings.end()) return;
    Result<void> checked =
        check_checkpoint_topic(topic.name, topic.partitions.count, policy->second);
    if (!checked) findings_.push_back(Finding::of(std::move(checked).error()));
  }

  void look_at_size(const ExaminedTopic& topic) {
    const auto most = number_in(topic.settings, "max.message.bytes");
    if (!most || *most >= facts_.record_bytes_max) return;
    add(Severity::Warning,
        fmt::format(
            "topic \"{}\" takes {} bytes at once (max.message.bytes), the relay sends up to "
            "{}: a larger event is a bad event",
            topic.name, *most, facts_.record_bytes_max),
        command_to_set_topic(topic.name,
                             fmt::format("max.message.bytes={}", facts_.record_bytes_max)));
  }

  void look_at_topics_to_come() {
    const bool has_any = std::ranges::any_of(
        facts_.topics, [](const ExaminedTopic& topic) { return topic.use == Use::Events; });
    if (!has_any && !options_.create_topics) {
      add(Severity::Warning, "no topic fits outbox.topic, and topics.create is false",
          "kafka-topics.sh --create --topic … for each, or sink.kafka.topics.create: true");
    }
    if (facts_.topics_left_out > 0) {
      add(Severity::Note,
          fmt::format("{} more topics fit outbox.topic and were not looked at",
                      facts_.topics_left_out),
          "--topic names those to look at");
    }
    for (const BrokerFacts& broker : facts_.brokers) {
      const auto most = number_in(broker.settings, "message.max.bytes");
      if (!options_.create_topics || !most || *most >= facts_.record_bytes_max) continue;
      add(Severity::Warning,
          fmt::format(
              "new topics take {} bytes at once (message.max.bytes of broker {}), the relay "
              "sends up to {}: a larger event is a bad event",
              *most, broker.id, facts_.record_bytes_max),
          fmt::format("kafka-configs.sh --alter --entity-type brokers --entity-default "
                      "--add-config message.max.bytes={}",
                      facts_.record_bytes_max));
      return;
    }
  }

  void look_at_encryption() {
    if (is_local(options_.bootstrap_servers) || !is_plain(options_)) return;
    add(Severity::Warning, "the connection to Kafka is not encrypted",
        "sink.kafka.tls, with bootstrap_servers at the brokers' TLS listener");
  }

  const Options& options_;
  const ClusterFacts& facts_;
  Findings findings_;
};

}  // namespace

std::string describe_cluster(const Options& options, const ClusterFacts& facts) {
  const std::size_t count = facts.brokers.size();
  return fmt::format("Kafka at {}, {} broker{}", options.bootstrap_servers, count,
                     count == 1 ? "" : "s");
}

Findings examine(const Options& options, const ClusterFacts& facts) {
  return Examiner(options, facts).examine();
}

}  // namespace outrider::kafka
