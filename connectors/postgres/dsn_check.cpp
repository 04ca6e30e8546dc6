#include "connectors/postgres/dsn_check.h"

#include <algorithm>
#include <array>
#include <string>

namespace outrider::postgres {
namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"postgresql://", "postgres://"};

/// What follows the scheme; of another form than a URI, nothing.
std::string_view after_scheme(std::string_view text) {
  for (const std::string_view scheme : kSchemes) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return {};
}

/// A login ends at the first @ before any / (see libpq, Connection URIs); what follows it and
/// stands before the query has none, unless as %40.
bool has_stray_at(std::string_view dsn) {
  const std::string_view uri = after_scheme(dsn);
  const std::size_t at = uri.find('@');
  const std::string_view after_login = at < uri.find('/') ? uri.substr(at + 1) : uri;
  return after_login.substr(0, after_login.find('?')).find('@') != std::string_view::npos;
}

std::string_view value_of(const ConnectParameters& parameters, std::string_view keyword) {
  const auto found = parameters.find(keyword);
  return found == parameters.end() ? std::string_view{} : std::string_view(found->second);
}

/// An @ at the begin of a host names an abstract socket, and what begins with a / is a folder (see
/// libpq, Parameter Key Words, host).
bool has_login(std::string_view hosts) {
  while (!hosts.empty()) {
    const std::string_view host = hosts.substr(0, hosts.find(','));
    if (!host.starts_with('/') && host.find('@', 1) != std::string_view::npos) return true;
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
  }
  return false;
}

bool are_numbers(std::string_view ports) {
  return ports.find_first_not_of("0123456789,") == std::string_view::npos;
}

Result<void> refusal(const char* what) {
  return failure(ErrorKind::Misconfigured, what,
                 "write @ / : of a password in a URI as %40 %2F %3A, or keep it out of the dsn: in "
                 "password_file, or where libpq looks for it (PGPASSFILE)");
}

}  // namespace

Result<void> check_dsn(std::string_view dsn, const ConnectParameters& parameters) {
  if (has_stray_at(dsn)) return refusal("the dsn has an @ that is not encoded");
  if (has_login(value_of(parameters, "host"))) return refusal("the dsn's host has an @ in it");
  if (!are_numbers(value_of(parameters, "port"))) return refusal("the dsn's port is no number");
  const std::string_view database = value_of(parameters, "dbname");
  if (!after_scheme(database).empty() || database.find('=') != std::string_view::npos) {
    return failure(ErrorKind::Misconfigured, "the dsn's database is a connection string itself",
                   "give that one as the dsn");
  }
  return {};
}

}  // namespace outrider::postgres
