// The file of `http: { web_config_file: … }`, in the form that Prometheus' exporters share. Read by
// the checks of the configuration and by the HTTP server.
#pragma once

#include "config/report.h"
#include "config/section.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outrider::app {

/// Unverified: the exporters' names that ask for a certificate and look at nothing; refused.
enum class ClientCertificates { None, VerifyIfGiven, Require, Unverified };

enum class TlsVersion { Tls12, Tls13 };

/// Files are relative to the folder of the web configuration until it is loaded.
struct TlsServerConfig {
  std::string cert_file;
  std::string key_file;
  ClientCertificates client_auth_type = ClientCertificates::None;
  std::string client_ca_file;
  TlsVersion min_version = TlsVersion::Tls12;
  TlsVersion max_version = TlsVersion::Tls13;
  /// As the standard names them. Empty: OpenSSL's choice, of each version.
  std::vector<std::string> cipher_suites;
  bool prefer_server_cipher_suites = true;
};

struct HttpServerConfig {
  bool http2 = false;  ///< Of no effect: the server speaks HTTP/1.1.
  std::map<std::string, std::string> headers;
};

struct WebConfig {
  std::optional<TlsServerConfig> tls_server_config;
  HttpServerConfig http_server_config;
  /// By name; bcrypt hashes. Empty: everybody.
  std::map<std::string, std::string> basic_auth_users;
};

void describe(config::Section<TlsServerConfig>& section);
void describe(config::Section<HttpServerConfig>& section);
void describe(config::Section<WebConfig>& section);

/// Reads the file `report.file()`. No value if there is any problem; all of them are in the report.
std::optional<WebConfig> load_web_config(config::Report& report);

}  // namespace outrider::app
