#include "relay/app/cipher_suites.h"

#include <openssl/ssl.h>

#include <memory>
#include <string_view>

namespace outrider::app {
namespace {

struct Freed {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

bool is_named(const SSL_CIPHER& cipher, const std::string& name) {
  const char* known = SSL_CIPHER_standard_name(&cipher);
  const std::string_view standard = known == nullptr ? "" : known;
  // Exporters also leave the hash of this one out.
  return standard == name || (name.ends_with("_CHACHA20_POLY1305") && standard == name + "_SHA256");
}

void append(std::string& list, const char* name) {
  list += (list.empty() ? "" : ":") + std::string(name);
}

}  // namespace

CipherSuites cipher_suites_of(const std::vector<std::string>& names) {
  CipherSuites suites;
  const std::unique_ptr<SSL_CTX, Freed> context(SSL_CTX_new(TLS_server_method()));
  if (!context) return suites;
  const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(context.get());
  for (const std::string& name : names) {
    for (int at = 0; at < sk_SSL_CIPHER_num(known); ++at) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(known, at);
      if (!is_named(*cipher, name)) continue;
      const bool is_newest = std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.3";
      append(is_newest ? suites.tls13 : suites.tls12, SSL_CIPHER_get_name(cipher));
    }
  }
  return suites;
}

bool is_cipher_suite(const std::string& name) {
  const CipherSuites found = cipher_suites_of({name});
  return !found.tls12.empty() || !found.tls13.empty();
}

}  // namespace outrider::app
