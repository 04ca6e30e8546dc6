#include "connectors/kafka/checkpoint_topic.h"

#include <fmt/format.h>

namespace outrider::kafka {

std::string command_to_set_topic(std::string_view topic, std::string_view setting) {
  return fmt::format(
      "kafka-configs.sh --alter --entity-type topics --entity-name {} --add-config {}", topic,
      setting);
}

Result<void> check_checkpoint_topic(const std::string& name, int partitions,
                                    const std::string& cleanup_policy) {
  const std::string topic = "checkpoint topic \"" + name + "\"";
  if (partitions != 1) {
    return failure(ErrorKind::Refused,
                   topic + " has " + std::to_string(partitions) + " partitions, not 1",
                   "delete it if it is not in use, or give the pipeline another `identity:`");
  }
  if (cleanup_policy != "compact") {
    return failure(ErrorKind::Refused,
                   topic + " has cleanup.policy=" + cleanup_policy + ", not compact",
                   command_to_set_topic(name, "cleanup.policy=compact"));
  }
  return {};
}

}  // namespace outrider::kafka
