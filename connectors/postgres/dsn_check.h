// Whether a connection string says what it was meant to say; pure. Used by libpq_dsn.cpp.
#pragma once

#include "connectors/postgres/connect_parameters.h"
#include "relay/base/error.h"

#include <string_view>

namespace outrider::postgres {

/// Misconfigured where libpq takes a piece of a password for the host, the port or the database,
/// which show: it does so with a URI whose password has an @ or a / that is not encoded. The error
/// quotes nothing of it. `parameters`: what libpq made of `dsn`.
Result<void> check_dsn(std::string_view dsn, const ConnectParameters& parameters);

}  // namespace outrider::postgres
