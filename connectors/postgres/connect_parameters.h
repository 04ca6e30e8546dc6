// Which settings a connection is opened with; pure. Used by libpq_connection.cpp.
#pragma once

#include "connectors/postgres/connection.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::postgres {

/// Keyword and value, as libpq names them.
using ConnectParameters = std::map<std::string, std::string, std::less<>>;

struct ConnectWish {
  Connection::Kind kind = Connection::Kind::Ordinary;
  std::string_view slot;
  std::optional<std::string> password = {};
  /// How many attempts failed before. Of several hosts, each attempt begins with another one:
  /// libpq tries them in turn but has no time limit for each when it must not block.
  std::size_t failures = 0;
};

/// What the user's connection string says, completed with what the relay needs. The user's choice
/// stands for TLS, keepalives and time-outs of the network; encoding, replication mode and the
/// server settings that the relay's promises rest on are ours.
ConnectParameters connect_parameters(ConnectParameters from_dsn, const ConnectWish& wish);

}  // namespace outrider::postgres
