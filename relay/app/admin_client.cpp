#include "relay/app/admin_client.h"

#include "config/secret_file.h"
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
constexpr int kHttpUnauthorized = 401;

std::string check_url(const std::string& url) {
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  return is_http ? "" : "is no URL such as http://localhost:9847";
}

std::string check_user(const std::string& name) {
  const bool is_user = !name.empty() && name.find(':') == std::string::npos;
  return is_user ? "" : "is no user's name: it must not be empty or hold a colon";
}

std::unexpected<Error> refusal(const RelayFound& relay, const std::string& path) {
  const std::string wrong = relay.user.empty()
                                ? "the relay asks for a user"
                                : "the relay refuses user \"" + relay.user + "\" or the password";
  return failure(ErrorKind::Denied, relay.url + path + ": " + wrong,
                 "log in with --user and --password-file, as one of the basic_auth_users in its "
                 "http.web_config_file");
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

std::expected<std::string, int> find_url(std::string_view command, const RelayWanted& wanted) {
  if (!wanted.url.empty()) return without_path(wanted.url);
  const std::optional<Config> config = read_config(config_path(wanted.config));
  if (!config) return std::unexpected(kExitConfiguration);
  Result<std::string> url = relay_url(config->http);
  if (!url) return std::unexpected(print_error(command, url.error()));
  return std::move(*url);
}

}  // namespace

void add_relay_options(CLI::App& command, RelayWanted& wanted) {
  add_config_option(command, wanted.config);
  command.add_option("--url", wanted.url, "Ask the relay there, without reading a file")
      ->check(check_url)
      ->excludes("--config")
      ->type_name("URL");
  CLI::Option* user = command.add_option("--user", wanted.user,
                                         "Log in as this one of the relay's basic_auth_users");
  CLI::Option* password =
      command.add_option("--password-file", wanted.password_file,
                         "File with the user's password in its first line; a relay "
                         "on this machine is not asked for its certificate");
  user->needs(password)->check(check_user)->type_name("NAME");
  password->needs(user)->type_name("FILE");
}

std::expected<RelayFound, int> find_relay(std::string_view command, const RelayWanted& wanted) {
  std::expected<std::string, int> url = find_url(command, wanted);
  if (!url) return std::unexpected(url.error());
  if (wanted.user.empty()) return RelayFound{.url = std::move(*url)};
  Result<std::string> password = config::read_secret_file("password file", wanted.password_file);
  if (!password) return std::unexpected(print_error(command, password.error()));
  return RelayFound{.url = std::move(*url), .user = wanted.user, .password = std::move(*password)};
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

Result<RelayAnswer> ask_relay(const RelayFound& relay, const std::string& path) {
  httplib::Client client(relay.url);
  // Its certificate names the machine as others know it.
  if (is_this_machine(relay.url)) client.enable_server_certificate_verification(false);
  if (!relay.user.empty()) client.set_basic_auth(relay.user, relay.password);
  client.set_connection_timeout(kConnectSeconds);
  client.set_read_timeout(kAnswerSeconds);
  const httplib::Result result = client.Get(path);
  if (!result) {
    return failure(ErrorKind::Unavailable,
                   "no answer from " + relay.url + path + ": " + httplib::to_string(result.error()),
                   "is the relay running, and is this its http.listen? --url names another");
  }
  if (result->status == kHttpUnauthorized) return refusal(relay, path);
  return RelayAnswer{.status = result->status, .body = result->body};
}

}  // namespace outrider::app
