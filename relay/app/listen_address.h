// Where the HTTP server listens, as the configuration writes it; used by the HTTP server.
#pragma once

#include "relay/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace outrider::app {

struct ListenAddress {
  std::string host;        ///< Empty: every address of the machine.
  std::uint16_t port = 0;  ///< 0: any free port.
};

/// Reads "host:port", ":port" or "[v6 address]:port". Misconfigured if it is anything else.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// "host:port" with the host in brackets if it is a v6 address, and "*" for every address.
std::string to_string(const ListenAddress& address);

}  // namespace outrider::app
