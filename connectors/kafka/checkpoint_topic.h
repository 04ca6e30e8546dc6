// What the checkpoint topic must be. Pure. Used by the Kafka sink and by examination.h.
#pragma once

#include "relay/base/error.h"

#include <string>
#include <string_view>

namespace outrider::kafka {

/// What an operator runs to change a topic; `setting`: as "cleanup.policy=compact".
std::string command_to_set_topic(std::string_view topic, std::string_view setting);

/// Refused, with the command that mends it, unless the topic of that name has one partition and is
/// compacted and nothing else: a cluster then keeps the last checkpoint.
Result<void> check_checkpoint_topic(const std::string& name, int partitions,
                                    const std::string& cleanup_policy);

}  // namespace outrider::kafka
