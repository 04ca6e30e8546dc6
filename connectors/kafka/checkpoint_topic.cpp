#include "connectors/kafka/checkpoint_topic.h"

namespace outrider::kafka {

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
                   "kafka-configs.sh --alter --entity-type topics --entity-name " + name +
                       " --add-config cleanup.policy=compact");
  }
  return {};
}

}  // namespace outrider::kafka
