// Which names a Kafka topic can have. Pure. Used by the Kafka sink.
#pragma once

#include "relay/base/error.h"

#include <string_view>

namespace outrider::kafka {

/// BadEvent for a name that brokers refuse: empty, longer than 249 bytes, "." or "..", or with
/// other characters than ASCII letters, digits, '.', '_' and '-' (see Kafka, Topic.validate).
Result<void> check_topic_name(std::string_view name);

}  // namespace outrider::kafka
