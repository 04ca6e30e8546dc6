// librdkafka configurations from our options; used by the librdkafka client and the configuration
// check.
#pragma once

#include "connectors/kafka/librdkafka_handles.h"
#include "connectors/kafka/options.h"
#include "relay/base/error.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::kafka {

/// All of them read the files of `tls` and `sasl` anew: Unavailable if one is not there.

/// For the handle that reads the checkpoint topic and administers topics. Isolation: what of open
/// transactions it sees.
enum class Isolation { ReadCommitted, ReadUncommitted };
Result<Configuration> reader_configuration(const Options& options, Isolation isolation);

/// The transactional ids of an exactly_once pipeline. The slash keeps them apart from those of any
/// other identity, which is also the name of a topic.
std::array<std::string, 2> transactional_ids(const std::string& identity);
/// One more that the same ACL allows, to try whether it does: fencing it disturbs nobody.
std::string trial_transactional_id(const std::string& identity);

/// The header of a checkpoint record that names the transactional id which wrote it.
inline constexpr const char* kProducerHeader = "transactional.id";

/// For a producer: transactional, or only idempotent if `transactional_id` is empty. No larger
/// batch than `batch_bytes_max` is sent.
Result<Configuration> producer_configuration(const Options& options,
                                             std::string_view transactional_id,
                                             std::size_t batch_bytes_max);

/// The message.max.bytes that the producer will have.
Result<std::size_t> message_bytes_max(const Options& options);

/// Every property that this librdkafka knows; some stand there twice.
std::vector<std::string> property_names();

/// Misconfigured, in librdkafka's own words, if it knows no such property or does not take the
/// value, which does not show if it is a secret. Only for what check_property() lets pass:
/// librdkafka loads code while others are set.
Result<void> check_property_value(std::string_view name, const std::string& value);

}  // namespace outrider::kafka
