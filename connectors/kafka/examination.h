// What is wrong, or may become so, with a cluster that a relay is to write to: facts and verdict.
// Pure. Used by librdkafka_examine.cpp for `outrider check --connect`.
#pragma once

#include "connectors/finding.h"
#include "connectors/kafka/options.h"
#include "relay/base/error.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outrider::kafka {

using Settings = std::map<std::string, std::string>;

struct BrokerFacts {
  int id = 0;
  std::string address;                    ///< As the cluster advertises it: host:port.
  std::optional<Error> unreachable = {};  ///< Why it does not answer there.
  Settings settings = {};                 ///< Empty: the relay may not see them.
};

/// The partitions of a topic, as one broker knows them.
struct TopicPartitions {
  int count = 0;       ///< 0: the topic does not exist, or has none yet.
  int leaderless = 0;  ///< Without a leader; not 0 either if the topic as a whole has none yet.
  int replicas = 0;    ///< Of the partition that has the fewest.
  int in_sync = 0;     ///< Of the partition where the fewest are in sync.
};

/// A topic that is there, or is to be.
struct ExaminedTopic {
  enum class Use { Checkpoint, Events };
  std::string name;
  Use use = Use::Events;
  TopicPartitions partitions = {};
  Settings settings = {};
  std::optional<Error> refused = {};  ///< Why it cannot be looked at, or would not be created.
};

struct ClusterFacts {
  std::vector<BrokerFacts> brokers;
  std::vector<ExaminedTopic> topics;
  std::size_t topics_left_out = 0;    ///< Of those that fit, too many to look at.
  std::size_t record_bytes_max = 0;   ///< What the relay's producer takes.
  std::optional<Error> untransacted;  ///< Why no transaction can be begun.
};

/// `Kafka at localhost:9092, 1 broker`.
std::string describe_cluster(const Options& options, const ClusterFacts& facts);
/// Everything, errors first.
Findings examine(const Options& options, const ClusterFacts& facts);

}  // namespace outrider::kafka
