// The cipher suites of TLS by the names that standard and exporters give them; used by
// web_config.cpp and web_access.cpp.
#pragma once

#include <string>
#include <vector>

namespace outrider::app {

/// As OpenSSL takes them: lists separated by colons.
struct CipherSuites {
  std::string tls12;
  std::string tls13;
};

/// Without those that OpenSSL does not know.
CipherSuites cipher_suites_of(const std::vector<std::string>& names);

/// False for a suite that OpenSSL does not know, or by its settings does not take.
bool is_cipher_suite(const std::string& name);

}  // namespace outrider::app
