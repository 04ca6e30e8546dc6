#include "relay/app/web_config.h"

#include "config/file_text.h"
#include "config/load.h"
#include "relay/app/password_hash.h"

#include <filesystem>

namespace outrider::app {
namespace {

std::optional<std::string> check_hash(const std::string& hash) {
  if (is_password_hash(hash)) return std::nullopt;
  return "is no bcrypt hash; make one with: htpasswd -nBC 10 NAME";
}

void complete_path(const std::filesystem::path& folder, const std::string& key, std::string& path,
                   config::Report& report) {
  if (path.empty()) return;
  path = folder / path;
  if (const auto text = config::read_text_file(path); !text) {
    report.about("tls_server_config." + key, "\"" + path + "\" " + text.error());
  }
}

void complete(const std::filesystem::path& folder, TlsServerConfig& tls, config::Report& report) {
  complete_path(folder, "cert_file", tls.cert_file, report);
  complete_path(folder, "key_file", tls.key_file, report);
  complete_path(folder, "client_ca_file", tls.client_ca_file, report);
  if ((tls.client_auth_type != ClientCertificates::None) == tls.client_ca_file.empty()) {
    report.about("tls_server_config",
                 "client_ca_file and a client_auth_type that verifies belong together");
  }
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
              {"RequireAndVerifyClientCert", ClientCertificates::Require}});
  section.field("client_ca_file", &TlsServerConfig::client_ca_file,
                "Authorities that sign the clients' certificates, PEM.");
  section.field("min_version", &TlsServerConfig::min_version, "The oldest TLS that is spoken.")
      .names({{"TLS12", TlsVersion::Tls12}, {"TLS13", TlsVersion::Tls13}});
}

void describe(config::Section<WebConfig>& section) {
  section.field("tls_server_config", &WebConfig::tls_server_config, "TLS.");
  section.field("basic_auth_users", &WebConfig::basic_auth_users, "bcrypt hashes by user name.")
      .secret()
      .check(check_hash);
}

std::optional<WebConfig> load_web_config(config::Report& report) {
  const std::optional<config::Node> root = config::read_document_file(report.file(), report);
  if (!root) return std::nullopt;
  auto web = config::fill<WebConfig>(*root, config::process_surroundings(), report);
  if (web.tls_server_config) {
    complete(std::filesystem::path(report.file()).parent_path(), *web.tls_server_config, report);
  }
  if (!report.ok()) return std::nullopt;
  return web;
}

}  // namespace outrider::app
