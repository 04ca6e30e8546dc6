#include "relay/app/admin_client.h"

#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"
#include "relay/app/listen_address.h"
#include "relay/app/web_access.h"

#include <CLI/CLI.hpp>
#include <httplib.h>

#include <optional>

namespace outrider::app {
namespace {

constexpr time_t kConnectSeconds = 2;
constexpr time_t kAnswerSeconds = 3;

std::string check_url(const std::string& url) {
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  return is_http ? "" : "is no URL such as http://localhost:9847";
}

// "http://host:9847/status/" means the same relay as "http://host:9847".
std::string without_path(const std::string& url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

Result<bool> wants_tls(const HttpConfig& config) {
  if (config.web_config_file.empty()) return false;
  OUTRIDER_TRY(const WebConfig web, WebAccess::read(config.web_config_file));
  return web.tls_server_config.has_value();
}

bool is_this_machine(const std::string& url) {
  return url.starts_with("https://127.0.0.1:") || url.starts_with("https://[::1]:") ||
         url.starts_with("https://localhost:");
}

}  // namespace

void add_relay_options(CLI::App& command, RelayWanted& wanted) {
  add_config_option(command, wanted.config);
  command.add_option("--url", wanted.url, "Ask the relay there, without reading a file")
      ->check(check_url)
      ->excludes("--config")
      ->type_name("URL");
}

std::expected<std::string, int> find_relay(std::string_view command, const RelayWanted& wanted) {
  if (!wanted.url.empty()) return without_path(wanted.url);
  const std::optional<Config> config = read_config(config_path(wanted.config));
  if (!config) return std::unexpected(kExitConfiguration);
  Result<std::string> url = relay_url(config->http);
  if (!url) return std::unexpected(print_error(command, url.error()));
  return std::move(*url);
}

Result<std::string> relay_url(const HttpConfig& config) {
  if (config.listen.empty()) {
    return failure(ErrorKind::Misconfigured, "the relay has no HTTP: `http.listen` is \"\"",
                   "set it, for instance to \"127.0.0.1:9847\"");
  }
  OUTRIDER_TRY(ListenAddress address, parse_listen_address(config.listen));
  if (address.port == 0) {
    return failure(ErrorKind::Misconfigured, "the relay's port is any: `http.listen` ends in :0",
                   "give --url with the port that the relay has logged");
  }
  if (address.host.empty() || address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  OUTRIDER_TRY(const bool is_secure, wants_tls(config));
  return (is_secure ? "https://" : "http://") + to_string(address);
}

Result<RelayAnswer> ask_relay(const std::string& url, const std::string& path) {
  httplib::Client client(url);
  // Its certificate names the machine as others know it.
  if (is_this_machine(url)) client.enable_server_certificate_verification(false);
  client.set_connection_timeout(kConnectSeconds);
  client.set_read_timeout(kAnswerSeconds);
  const httplib::Result result = client.Get(path);
  if (result) return RelayAnswer{.status = result->status, .body = result->body};
  return failure(ErrorKind::Unavailable,
                 "no answer from " + url + path + ": " + httplib::to_string(result.error()),
                 "is the relay running, and is this its http.listen? --url names another");
}

}  // namespace outrider::app
