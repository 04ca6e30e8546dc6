// Reads the files behind `tls` and `sasl`, each time anew. Used by the librdkafka client.
#pragma once

#include "connectors/kafka/options.h"
#include "connectors/kafka/security.h"
#include "relay/base/error.h"

#include <string>

namespace outrider::kafka {

/// Unavailable if a file cannot be read.
Result<Secrets> read_secrets(const Options& options);

/// Another number when any file of `tls` holds something else. Unavailable if one cannot be read.
Result<std::size_t> fingerprint_of_files(const Options& options);

}  // namespace outrider::kafka
