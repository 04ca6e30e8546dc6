#include "connectors/kafka/security.h"

#include "connectors/kafka/properties.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace outrider::kafka {
namespace {

constexpr const char* kProtocol = "security.protocol";
constexpr const char* kNamesOfBrokers = "ssl.endpoint.identification.algorithm";

struct Twice {
  std::string_view property;
  std::string_view key;
};
constexpr std::array kOfTls = {Twice{kProtocol, "tls"}, Twice{"ssl.ca.location", "tls.ca_file"},
                               Twice{"ssl.certificate.location", "tls.certificate_file"},
                               Twice{"ssl.key.location", "tls.key_file"},
                               Twice{"ssl.key.password", "tls.key_password_file"}};
constexpr std::array kOfSasl = {
    Twice{"sasl.mechanism", "sasl.mechanism"}, Twice{"sasl.mechanisms", "sasl.mechanism"},
    Twice{"sasl.username", "sasl.username"}, Twice{"sasl.password", "sasl.password_file"}};

std::optional<SecurityProblem> said_twice(const Options& options, const auto& list) {
  for (const Twice& twice : list) {
    if (!options.librdkafka.contains(std::string(twice.property))) continue;
    return SecurityProblem{"librdkafka." + std::string(twice.property),
                           "is what " + std::string(twice.key) + " sets; say it there alone"};
  }
  return std::nullopt;
}

std::optional<SecurityProblem> unsafe_value(const Options& options) {
  for (const auto& [name, value] : options.librdkafka) {
    const Result<void> checked = check_value_for_shell(name, value);
    if (!checked) return SecurityProblem{"librdkafka." + name, checked.error().what};
  }
  return std::nullopt;
}

std::optional<SecurityProblem> unverified(const Options& options) {
  for (const char* property : {"enable.ssl.certificate.verification", kNamesOfBrokers}) {
    if (!options.librdkafka.contains(property)) continue;
    return SecurityProblem{std::string("librdkafka.") + property,
                           "is settled by tls, which verifies brokers and their names"};
  }
  return std::nullopt;
}

std::optional<SecurityProblem> check_tls(const Options& options) {
  if (auto problem = said_twice(options, kOfTls)) return problem;
  if (auto problem = unverified(options)) return problem;
  const Tls& tls = *options.tls;
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return SecurityProblem{"tls", "certificate_file and key_file belong together"};
  }
  if (!tls.key_password_file.empty() && tls.key_file.empty()) {
    return SecurityProblem{"tls.key_password_file", "is of no use without key_file"};
  }
  return std::nullopt;
}

std::optional<SecurityProblem> check_sasl(const Options& options) {
  if (auto problem = said_twice(options, kOfSasl)) return problem;
  if (options.tls) return std::nullopt;
  const std::optional<std::string> protocol = raw_protocol(options);
  if (!protocol) {
    return SecurityProblem{"sasl",
                           "would show the login to the network: add `tls: {}` beside it, or say "
                           "`librdkafka: { security.protocol: sasl_plaintext }` where that is "
                           "meant"};
  }
  if (*protocol == "sasl_plaintext" || *protocol == "sasl_ssl") return std::nullopt;
  return SecurityProblem{std::string("librdkafka.") + kProtocol,
                         "would never send the login of sasl: beside it stands sasl_plaintext or "
                         "sasl_ssl, or `tls` in its place"};
}

const char* name_of(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::ScramSha512:
      return "SCRAM-SHA-512";
    case SaslMechanism::ScramSha256:
      return "SCRAM-SHA-256";
    case SaslMechanism::Plain:
      return "PLAIN";
  }
  return "";
}

}  // namespace

std::optional<std::string> raw_protocol(const Options& options) {
  const auto found = options.librdkafka.find(kProtocol);
  if (found == options.librdkafka.end()) return std::nullopt;
  std::string protocol = found->second;
  std::ranges::transform(protocol, protocol.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return protocol;
}

std::optional<SecurityProblem> check_security(const Options& options) {
  if (auto problem = unsafe_value(options)) return problem;
  if (options.tls) {
    if (auto problem = check_tls(options)) return problem;
  }
  return options.sasl ? check_sasl(options) : std::nullopt;
}

std::map<std::string, std::string> security_properties(const Options& options,
                                                       const Secrets& secrets) {
  std::map<std::string, std::string> properties;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) properties.emplace(name, value);
  };
  if (options.tls) {
    add(kProtocol, options.sasl ? "sasl_ssl" : "ssl");
    add(kNamesOfBrokers, "https");  // Before librdkafka 2.0 the default was not to look.
    add("ssl.ca.location", options.tls->ca_file);
    add("ssl.certificate.location", options.tls->certificate_file);
    add("ssl.key.location", options.tls->key_file);
    add("ssl.key.password", secrets.key_password);
  }
  if (options.sasl) {
    add("sasl.mechanism", name_of(options.sasl->mechanism));
    add("sasl.username", options.sasl->username);
    add("sasl.password", secrets.password);
  }
  return properties;
}

}  // namespace outrider::kafka
