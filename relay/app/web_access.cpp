#include "relay/app/web_access.h"

#include "relay/app/cipher_suites.h"
#include "relay/app/password_hash.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <optional>
#include <string_view>
#include <utility>

namespace outrider::app {
namespace {

constexpr std::string_view kBasic = "Basic ";
constexpr std::size_t kHeaderBytesMax = 1024;
/// Of a password that nobody knows: an unknown name takes as long as a wrong password.
constexpr const char* kNobody = "$2y$10$abcdefghijklmnopqrstuuIpmdSy/VScK9Si9YHmCVZ1Sb2VFbxzO";

struct Credentials {
  std::string name;
  std::string password;
};

std::optional<Credentials> read_authorization(std::string_view header) {
  if (!header.starts_with(kBasic) || header.size() > kHeaderBytesMax) return std::nullopt;
  header.remove_prefix(kBasic.size());
  std::string text(header.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(header.data()),
                                   static_cast<int>(header.size()));
  if (size < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(size));
  // The padding of the encoded text was decoded to zeros.
  while (text.ends_with('\0')) text.pop_back();
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{.name = text.substr(0, colon), .password = text.substr(colon + 1)};
}

std::string sha256(const std::string& text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
             EVP_sha256(), nullptr);
  digest.resize(size);
  return digest;
}

/// Called by OpenSSL at the begin of each connection.
int load_certificate(SSL* connection, void* config) {
  const auto& tls = *static_cast<const TlsServerConfig*>(config);
  const bool loaded =
      SSL_use_certificate_chain_file(connection, tls.cert_file.c_str()) == 1 &&
      SSL_use_PrivateKey_file(connection, tls.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  return loaded ? 1 : 0;
}

int verification_of(ClientCertificates wanted) {
  switch (wanted) {
    case ClientCertificates::None:
      return SSL_VERIFY_NONE;
    case ClientCertificates::VerifyIfGiven:
      return SSL_VERIFY_PEER;
    case ClientCertificates::Require:
    case ClientCertificates::Unverified:  // Was refused.
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

int version_of(TlsVersion version) {
  return version == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

bool choose_ciphers(SSL_CTX& context, const TlsServerConfig& tls) {
  if (SSL_CTX_set_min_proto_version(&context, version_of(tls.min_version)) != 1) return false;
  if (SSL_CTX_set_max_proto_version(&context, version_of(tls.max_version)) != 1) return false;
  if (tls.prefer_server_cipher_suites) {
    SSL_CTX_set_options(&context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  const auto [tls12, tls13] = cipher_suites_of(tls.cipher_suites);
  return (tls12.empty() || SSL_CTX_set_cipher_list(&context, tls12.c_str()) == 1) &&
         (tls13.empty() || SSL_CTX_set_ciphersuites(&context, tls13.c_str()) == 1);
}

bool ask_for_certificates(SSL_CTX& context, const TlsServerConfig& tls) {
  if (tls.client_auth_type == ClientCertificates::None) return true;
  const char* file = tls.client_ca_file.c_str();
  if (SSL_CTX_load_verify_locations(&context, file, nullptr) != 1) return false;
  SSL_CTX_set_client_CA_list(&context, SSL_load_client_CA_file(file));
  SSL_CTX_set_verify(&context, verification_of(tls.client_auth_type), nullptr);
  return true;
}

}  // namespace

Result<WebConfig> WebAccess::read(const std::string& path) {
  config::Report report(path);
  std::optional<WebConfig> config = load_web_config(report);
  if (config) return *std::move(config);
  return failure(ErrorKind::Misconfigured, report.text());
}

bool WebAccess::set_up(SSL_CTX& context) const {
  const TlsServerConfig& tls = *config_.tls_server_config;
  if (!choose_ciphers(context, tls)) return false;
  // A resumed connection would skip the certificates.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  // Loaded once here, too, so that a file that is none ends the start.
  const bool loaded =
      SSL_CTX_use_certificate_chain_file(&context, tls.cert_file.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(&context, tls.key_file.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(&context) == 1;
  SSL_CTX_set_cert_cb(&context, load_certificate, const_cast<TlsServerConfig*>(&tls));
  return loaded && ask_for_certificates(context, tls);
}

bool WebAccess::allows(const std::string& authorization) {
  const Result<WebConfig> config = read(path_);
  if (!config) return false;
  // Users that have all been taken out of the file do not open the door.
  if (config_.basic_auth_users.empty() && config->basic_auth_users.empty()) return true;
  const std::optional<Credentials> given = read_authorization(authorization);
  if (!given) return false;
  const auto user = config->basic_auth_users.find(given->name);
  const bool is_known = user != config->basic_auth_users.end();
  const std::string hash = is_known ? user->second : kNobody;
  const std::string digest = sha256(hash + authorization);
  const std::scoped_lock lock(mutex_);
  if (is_known && digest == last_allowed_) return true;
  if (!is_password_of(given->password, hash) || !is_known) return false;
  last_allowed_ = digest;
  return true;
}

}  // namespace outrider::app
