// What the checkpoint topic must be. Pure. Used by the Kafka sink and by examination.h.
#pragma once

#include "relay/base/error.h"

#include <string>

namespace outrider::kafka {

/// Refused, with the command that mends it, unless the topic of that name has one partition and is
/// compacted and nothing else: a cluster then keeps the last checkpoint.
Result<void> check_checkpoint_topic(const std::string& name, int partitions,
                                    const std::string& cleanup_policy);

}  // namespace outrider::kafka
