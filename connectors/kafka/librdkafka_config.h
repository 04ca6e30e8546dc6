// librdkafka configurations from our options; used by the librdkafka client and the configuration
// check.
#pragma once

#include "connectors/kafka/librdkafka_handles.h"
#include "connectors/kafka/options.h"
#include "relay/base/error.h"

#include <cstddef>

namespace outrider::kafka {

/// For the handle that reads the checkpoint topic and administers topics. Isolation: what of open
/// transactions it sees.
enum class Isolation { ReadCommitted, ReadUncommitted };
Result<Configuration> reader_configuration(const Options& options, Isolation isolation);

/// For the producer: transactional or idempotent as `options.delivery` says. No larger batch than
/// `batch_bytes_max` is sent.
Result<Configuration> producer_configuration(const Options& options, std::size_t batch_bytes_max);

/// The message.max.bytes that the producer will have.
Result<std::size_t> message_bytes_max(const Options& options);

/// Misconfigured, with librdkafka's own words, if a property is unknown, ill-formed or not ours to
/// pass on.
Result<void> validate(const Options& options);

}  // namespace outrider::kafka
