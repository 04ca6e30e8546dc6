// What `tls` and `sasl` mean for librdkafka. Pure. Used by the configuration check and the
// librdkafka client.
#pragma once

#include "connectors/kafka/options.h"

#include <map>
#include <optional>
#include <string>

namespace outrider::kafka {

/// What is read from files at each connect.
struct Secrets {
  std::string password = {};
  std::string key_password = {};
};

/// What is wrong with tls and sasl together with the raw properties: the key under `sink.kafka`
/// that it is about, and what.
struct SecurityProblem {
  std::string key;
  std::string what;
};
std::optional<SecurityProblem> check_security(const Options& options);

/// security.protocol of the raw properties, if it is there; in small letters, for librdkafka takes
/// either case.
std::optional<std::string> raw_protocol(const Options& options);

/// The librdkafka properties that tls and sasl stand for.
std::map<std::string, std::string> security_properties(const Options& options,
                                                       const Secrets& secrets);

}  // namespace outrider::kafka
