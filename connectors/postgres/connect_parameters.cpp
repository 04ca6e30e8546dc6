#include "connectors/postgres/connect_parameters.h"

#include <algorithm>
#include <array>

namespace outrider::postgres {
namespace {

// Later settings win, so these come after the user's own.
//  client_min_messages: a skipped publication must be heard of.
//  wal_sender_timeout: a slot whose relay vanished is free again within the promised time.
//  idle_session_timeout: an advisory lock of a relay that hangs before it streams comes free.
//  client_connection_check_interval: a query of a relay that vanished ends.
//  datestyle, timezone, bytea_output: the text forms that values.cpp reads.
constexpr std::string_view kServerSettings =
    "-c client_min_messages=warning -c wal_sender_timeout=30s -c idle_session_timeout=30s"
    " -c client_connection_check_interval=2s -c datestyle=ISO -c timezone=UTC"
    " -c bytea_output=hex";
constexpr std::string_view kQueryTimeout = " -c statement_timeout=10s";

std::size_t list_size(std::string_view list) {
  return 1 + static_cast<std::size_t>(std::ranges::count(list, ','));
}

// "a,b,c" begun with its second entry: "b,c,a".
std::string rotated(std::string_view list, std::size_t steps) {
  std::string turned(list);
  for (std::size_t i = steps % list_size(list); i > 0; --i) {
    const std::size_t comma = turned.find(',');
    turned = turned.substr(comma + 1) + "," + turned.substr(0, comma);
  }
  return turned;
}

}  // namespace

ConnectParameters connect_parameters(ConnectParameters parameters, const ConnectWish& wish) {
  struct Default {
    std::string_view keyword;
    std::string_view value;
  };
  static constexpr std::array kDefaults = {
      Default{"connect_timeout", "10"}, Default{"keepalives", "1"},
      Default{"keepalives_idle", "10"}, Default{"keepalives_interval", "5"},
      Default{"keepalives_count", "3"}, Default{"tcp_user_timeout", "30000"},
      Default{"gssencmode", "disable"},
  };
  for (const Default& entry : kDefaults) {
    parameters.try_emplace(std::string(entry.keyword), entry.value);
  }
  parameters.try_emplace("application_name", "outrider:" + std::string(wish.slot));

  bool several_hosts = false;
  for (const std::string_view list : {"host", "hostaddr", "port"}) {
    const auto entry = parameters.find(list);
    if (entry == parameters.end()) continue;
    several_hosts = several_hosts || (list != "port" && list_size(entry->second) > 1);
    entry->second = rotated(entry->second, wish.failures);
  }
  if (several_hosts) parameters.try_emplace("target_session_attrs", "read-write");

  if (wish.password) parameters["password"] = *wish.password;
  parameters["client_encoding"] = "UTF8";
  parameters.erase("replication");
  if (wish.kind == Connection::Kind::Replication) parameters["replication"] = "database";

  std::string& options = parameters["options"];
  if (!options.empty()) options += ' ';
  options += kServerSettings;
  if (wish.kind == Connection::Kind::Ordinary) options += kQueryTimeout;
  return parameters;
}

}  // namespace outrider::postgres
