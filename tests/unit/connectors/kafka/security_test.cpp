// What tls and sasl become for librdkafka, and which mixtures are refused.
#include "connectors/kafka/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::kafka {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Options with(std::optional<Tls> tls, std::optional<Sasl> sasl,
             std::map<std::string, std::string> raw = {}) {
  Options options;
  options.tls = std::move(tls);
  options.sasl = std::move(sasl);
  options.librdkafka = std::move(raw);
  return options;
}

std::string key_of_problem(const Options& options) {
  return check_security(options).value_or(SecurityProblem{}).key;
}

TEST(KafkaSecurity, WithoutTlsAndSaslNothingIsSet) {
  EXPECT_THAT(security_properties(Options{}, {}), IsEmpty());
}

TEST(KafkaSecurity, EmptyTlsMeansTheAuthoritiesOfTheSystem) {
  EXPECT_THAT(security_properties(with(Tls{}, {}), {}),
              UnorderedElementsAre(Pair("security.protocol", "ssl"),
                                   Pair("ssl.endpoint.identification.algorithm", "https")));
}

TEST(KafkaSecurity, TlsAndSaslAreSetTogether) {
  const Tls tls{.ca_file = "/ca",
                .certificate_file = "/certificate",
                .key_file = "/key",
                .key_password_file = "/password"};
  const Sasl sasl{.mechanism = SaslMechanism::Plain, .username = "u", .password_file = "/p"};
  EXPECT_THAT(
      security_properties(with(tls, sasl), {.password = "s", .key_password = "k"}),
      UnorderedElementsAre(Pair("security.protocol", "sasl_ssl"), Pair("ssl.ca.location", "/ca"),
                           Pair("ssl.endpoint.identification.algorithm", "https"),
                           Pair("ssl.certificate.location", "/certificate"),
                           Pair("ssl.key.location", "/key"), Pair("ssl.key.password", "k"),
                           Pair("sasl.mechanism", "PLAIN"), Pair("sasl.username", "u"),
                           Pair("sasl.password", "s")));
}

TEST(KafkaSecurity, ALoginInTheOpenMustBeSaid) {
  const Sasl sasl{.username = "u", .password = "p"};
  EXPECT_EQ(key_of_problem(with({}, sasl)), "sasl");
  EXPECT_EQ(key_of_problem(with({}, sasl, {{"security.protocol", "sasl_plaintext"}})), "");
  EXPECT_EQ(key_of_problem(with(Tls{}, sasl)), "");
}

TEST(KafkaSecurity, AProtocolThatSendsNoLoginIsRefusedBesideOne) {
  const Sasl sasl{.username = "u", .password = "p"};
  for (const char* protocol : {"plaintext", "ssl", "SSL", "", "nonsense"}) {
    EXPECT_EQ(key_of_problem(with({}, sasl, {{"security.protocol", protocol}})),
              "librdkafka.security.protocol")
        << protocol;
  }
  for (const char* protocol : {"sasl_plaintext", "sasl_ssl", "SASL_SSL"}) {
    EXPECT_EQ(key_of_problem(with({}, sasl, {{"security.protocol", protocol}})), "") << protocol;
  }
  EXPECT_EQ(key_of_problem(with({}, {}, {{"security.protocol", "ssl"}})), "");
}

TEST(KafkaSecurity, NothingTurnsTheVerificationOfTlsOff) {
  for (const char* property :
       {"enable.ssl.certificate.verification", "ssl.endpoint.identification.algorithm"}) {
    EXPECT_EQ(key_of_problem(with(Tls{}, {}, {{property, "x"}})),
              "librdkafka." + std::string(property));
    EXPECT_EQ(key_of_problem(with({}, {}, {{property, "x"}})), "") << property;
  }
}

TEST(KafkaSecurity, WhatGoesToAShellIsLookedAt) {
  EXPECT_EQ(key_of_problem(with({}, {}, {{"sasl.kerberos.principal", "x; cmd"}})),
            "librdkafka.sasl.kerberos.principal");
  EXPECT_EQ(key_of_problem(with({}, {}, {{"sasl.kerberos.principal", "relay@EXAMPLE.COM"}})), "");
}

TEST(KafkaSecurity, NothingIsSaidTwice) {
  EXPECT_EQ(key_of_problem(with(Tls{}, {}, {{"security.protocol", "ssl"}})),
            "librdkafka.security.protocol");
  EXPECT_EQ(key_of_problem(with(Tls{}, {}, {{"ssl.key.location", "/k"}})),
            "librdkafka.ssl.key.location");
  EXPECT_EQ(key_of_problem(with(Tls{}, Sasl{}, {{"sasl.password", "p"}})),
            "librdkafka.sasl.password");
  EXPECT_EQ(key_of_problem(with(Tls{}, {}, {{"ssl.crl.location", "/crl"}})), "");
}

TEST(KafkaSecurity, ACertificateNeedsItsKey) {
  EXPECT_EQ(key_of_problem(with(Tls{.certificate_file = "/c"}, {})), "tls");
  EXPECT_EQ(key_of_problem(with(Tls{.key_file = "/k"}, {})), "tls");
  EXPECT_EQ(key_of_problem(with(Tls{.key_password_file = "/p"}, {})), "tls.key_password_file");
  EXPECT_EQ(key_of_problem(with(Tls{.certificate_file = "/c", .key_file = "/k"}, {})), "");
}

}  // namespace
}  // namespace outrider::kafka
