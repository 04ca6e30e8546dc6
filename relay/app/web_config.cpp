#include "relay/app/web_config.h"

#include "config/file_text.h"
#include "config/load.h"
#include "relay/app/cipher_suites.h"
#include "relay/app/password_hash.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace outrider::app {
namespace {

std::optional<std::string> check_hash(const std::string& hash) {
  if (is_password_hash(hash)) return std::nullopt;
  return "is no bcrypt hash; make one with: htpasswd -nBC 10 NAME";
}

std::optional<std::string> check_cipher_suite(const std::string& name) {
  if (is_cipher_suite(name)) return std::nullopt;
  return "is no cipher suite that OpenSSL takes here; write it as in "
         "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
}

std::optional<std::string> check_header_name(const std::string& name) {
  const auto is_of_token = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.empty() || !std::ranges::all_of(name, is_of_token)) return "is no name of a header";
  constexpr std::array kOfTheServer = {"Connection", "Content-Length", "Transfer-Encoding"};
  const bool is_taken = std::ranges::any_of(
      kOfTheServer, [&](const char* own) { return strcasecmp(own, name.c_str()) == 0; });
  return is_taken ? std::optional<std::string>("is for the server to say") : std::nullopt;
}

std::optional<std::string> check_header_value(const std::string& value) {
  const bool has_control = std::ranges::any_of(value, [](unsigned char c) { return c < ' '; });
  return has_control ? std::optional<std::string>("must stand in one line") : std::nullopt;
}

/// What exporters know besides, and why it is not taken.
struct Untaken {
  std::string_view section;  // Empty: the root.
  std::string_view key;
  const char* reason;
};
constexpr const char* kInFiles =
    "is not taken here: certificates and keys stand in files, which are read again";
constexpr std::array kUntaken = {
    Untaken{"tls_server_config", "cert", kInFiles},
    Untaken{"tls_server_config", "key", kInFiles},
    Untaken{"tls_server_config", "client_ca", kInFiles},
    Untaken{"tls_server_config", "client_allowed_sans",
            "is not taken: every certificate of client_ca_file is let in; give scrapers an "
            "authority of their own"},
    Untaken{"tls_server_config", "curve_preferences", "is not taken: OpenSSL chooses the curve"},
    Untaken{"", "rate_limit", "is not taken: the server answers few requests at once anyway"}};

/// Takes those keys out of the map, each with its reason.
void refuse_untaken(config::Node& map, std::string_view section, config::Report& report) {
  for (const Untaken& untaken : kUntaken) {
    if (untaken.section != section) continue;
    const auto found = std::ranges::find(map.entries, untaken.key, &config::Entry::key);
    if (found == map.entries.end()) continue;
    report.add(found->place, config::join_path(section, untaken.key), untaken.reason);
    map.entries.erase(found);
  }
}

void refuse_untaken(config::Node& root, config::Report& report) {
  refuse_untaken(root, "", report);
  for (config::Entry& entry : root.entries) refuse_untaken(entry.value, entry.key, report);
}

void complete_path(const std::filesystem::path& folder, const std::string& key, std::string& path,
                   config::Report& report) {
  if (path.empty()) return;
  path = folder / path;
  if (const auto text = config::read_text_file(path); !text) {
    report.about("tls_server_config." + key, "\"" + path + "\" " + text.error());
  }
}

void check_versions(const TlsServerConfig& tls, config::Report& report) {
  if (tls.max_version < tls.min_version) {
    report.about("tls_server_config.max_version", "is older than min_version");
  }
  const bool speaks_older = tls.min_version == TlsVersion::Tls12;
  if (speaks_older && !tls.cipher_suites.empty() &&
      cipher_suites_of(tls.cipher_suites).tls12.empty() &&
      !report.mentions("tls_server_config.cipher_suites")) {
    report.about("tls_server_config.cipher_suites",
                 "names none of TLS 1.2; say min_version: TLS13 if that is meant");
  }
}

void check_client_certificates(const TlsServerConfig& tls, config::Report& report) {
  if (tls.client_auth_type == ClientCertificates::Unverified) {
    report.about("tls_server_config.client_auth_type",
                 "would take any certificate and verify none; take VerifyClientCertIfGiven or "
                 "RequireAndVerifyClientCert");
  } else if ((tls.client_auth_type != ClientCertificates::None) == tls.client_ca_file.empty()) {
    report.about("tls_server_config",
                 "client_ca_file and a client_auth_type that verifies belong together");
  }
}

void complete(const std::filesystem::path& folder, TlsServerConfig& tls, config::Report& report) {
  complete_path(folder, "cert_file", tls.cert_file, report);
  complete_path(folder, "key_file", tls.key_file, report);
  complete_path(folder, "client_ca_file", tls.client_ca_file, report);
  check_client_certificates(tls, report);
  check_versions(tls, report);
}

}  // namespace

void describe(config::Section<TlsServerConfig>& section) {
  section.field("cert_file", &TlsServerConfig::cert_file, "Certificate with its chain, PEM.")
      .required();
  section.field("key_file", &TlsServerConfig::key_file, "Its private key, PEM.").required();
  section
      .field("client_auth_type", &TlsServerConfig::client_auth_type,
             "Which certificates are asked of clients.")
      .names({{"NoClientCert", ClientCertificates::None},
              {"VerifyClientCertIfGiven", ClientCertificates::VerifyIfGiven},
              {"RequireAndVerifyClientCert", ClientCertificates::Require},
              {"RequestClientCert", ClientCertificates::Unverified},
              {"RequireAnyClientCert", ClientCertificates::Unverified}});
  section.field("client_ca_file", &TlsServerConfig::client_ca_file,
                "Authorities that sign the clients' certificates, PEM.");
  section.field("min_version", &TlsServerConfig::min_version, "The oldest TLS that is spoken.")
      .names({{"TLS12", TlsVersion::Tls12}, {"TLS13", TlsVersion::Tls13}});
  section.field("max_version", &TlsServerConfig::max_version, "The newest TLS that is spoken.")
      .names({{"TLS12", TlsVersion::Tls12}, {"TLS13", TlsVersion::Tls13}});
  section
      .field("cipher_suites", &TlsServerConfig::cipher_suites,
             "The only ones that are taken; without one of TLS 1.3, all of that.")
      .check(check_cipher_suite);
  section.field("prefer_server_cipher_suites", &TlsServerConfig::prefer_server_cipher_suites,
                "Take the first of these, not of the client's.");
}

void describe(config::Section<HttpServerConfig>& section) {
  section.field("http2", &HttpServerConfig::http2, "Of no effect: the server speaks HTTP/1.1.");
  section.field("headers", &HttpServerConfig::headers, "Headers of every answer.")
      .check(check_header_value)
      .check_key(check_header_name);
}

void describe(config::Section<WebConfig>& section) {
  section.field("tls_server_config", &WebConfig::tls_server_config, "TLS.");
  section.field("http_server_config", &WebConfig::http_server_config, "How HTTP is spoken.");
  section.field("basic_auth_users", &WebConfig::basic_auth_users, "bcrypt hashes by user name.")
      .secret()
      .check(check_hash);
}

std::optional<WebConfig> load_web_config(config::Report& report) {
  std::optional<config::Node> root = config::read_document_file(report.file(), report);
  if (!root) return std::nullopt;
  refuse_untaken(*root, report);
  auto web = config::fill<WebConfig>(*root, config::process_surroundings(), report);
  if (web.tls_server_config) {
    complete(std::filesystem::path(report.file()).parent_path(), *web.tls_server_config, report);
  }
  if (!report.ok()) return std::nullopt;
  return web;
}

}  // namespace outrider::app
