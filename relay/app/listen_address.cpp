#include "relay/app/listen_address.h"

#include <fmt/format.h>

#include <charconv>

namespace outrider::app {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto bad = [&text] {
    return failure(ErrorKind::Misconfigured,
                   fmt::format("listen address \"{}\" is not host:port", text),
                   "write \":9847\", \"127.0.0.1:9847\" or \"[::1]:9847\"; \"\" turns HTTP off");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  if (host.find_first_of("[]") != std::string_view::npos) return bad();
  ListenAddress address{.host = std::string(host)};
  const char* const end = port_text.data() + port_text.size();
  const auto [rest, failed] = std::from_chars(port_text.data(), end, address.port);
  if (failed != std::errc{} || rest != end) return bad();
  return address;
}

std::string to_string(const ListenAddress& address) {
  if (address.host.empty()) return fmt::format("*:{}", address.port);
  if (address.host.find(':') != std::string::npos) {
    return fmt::format("[{}]:{}", address.host, address.port);
  }
  return fmt::format("{}:{}", address.host, address.port);
}

}  // namespace outrider::app
