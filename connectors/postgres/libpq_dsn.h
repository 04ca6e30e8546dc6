// Reads a connection string and its password; used by libpq_connection.cpp.
#pragma once

#include "connectors/postgres/connect_parameters.h"
#include "connectors/postgres/options.h"
#include "relay/base/error.h"

#include <optional>
#include <string>

namespace outrider::postgres {

/// What the user wrote, without the defaults of libpq. Misconfigured if it cannot be parsed, or a
/// piece of a password shows in what it says; the error says nothing of the text.
Result<ConnectParameters> parse_dsn(const std::string& dsn);

/// The password of the options, read from its file now if it is in one; none if neither is set.
Result<std::optional<std::string>> read_password(const Options& options);

}  // namespace outrider::postgres
