// Which librdkafka properties a configuration may pass on.
#include "connectors/kafka/properties.h"

#include <gtest/gtest.h>

#include <string_view>

namespace outrider::kafka {
namespace {

TEST(Properties, ThoseThatThePromisesOwnAreRefused) {
  for (const char* name : {"enable.idempotence",
                           "acks",
                           "request.required.acks",
                           "max.in.flight",
                           "max.in.flight.requests.per.connection",
                           "queuing.strategy",
                           "transactional.id",
                           "transaction.timeout.ms",
                           "message.timeout.ms",
                           "delivery.timeout.ms",
                           "retries",
                           "message.send.max.retries",
                           "partitioner",
                           "enable.gapless.guarantee",
                           "isolation.level",
                           "group.id",
                           "dr_cb",
                           "dr_msg_cb",
                           "delivery.report.only.error",
                           "bootstrap.servers",
                           "metadata.broker.list",
                           "allow.auto.create.topics",
                           "queue.buffering.max.messages",
                           "queue.buffering.max.kbytes"}) {
    const Result<void> checked = check_property(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().kind, ErrorKind::Misconfigured) << name;
    EXPECT_NE(checked.error().what.find(name), std::string::npos) << name;
  }
}

TEST(Properties, ThoseThatLoadOrRunCodeAreRefused) {
  for (const char* name : {"plugin.library.paths", "ssl.engine.location", "sasl.kerberos.kinit.cmd",
                           "test.mock.num.brokers", "test.mock.broker.rtt"}) {
    EXPECT_FALSE(check_property(name)) << name;
  }
}

TEST(Properties, ANameIsJudgedAsLibrdkafkaWouldReadIt) {
  using std::string_view_literals::operator""sv;
  EXPECT_FALSE(check_property("plugin.library.paths\0x"sv));
}

TEST(Properties, WhatGoesToAShellHoldsNothingThatAShellWouldRun) {
  for (const char* name :
       {"sasl.kerberos.principal", "sasl.kerberos.keytab", "sasl.kerberos.service.name"}) {
    for (const char* value : {"x; cmd", "$(cmd)", "`cmd`", "a|b", "a&b", "a\nb", "a b", "\"", "'",
                              "a>b", "*", "\\", "-k"}) {
      const Result<void> checked = check_value_for_shell(name, value);
      ASSERT_FALSE(checked) << name << ": " << value;
      EXPECT_EQ(checked.error().kind, ErrorKind::Misconfigured);
      EXPECT_NE(checked.error().what.find("shell"), std::string::npos);
      EXPECT_EQ(checked.error().what.find("cmd"), std::string::npos);
    }
    for (const char* value :
         {"relay/host.example-1@EXAMPLE.COM", "FILE:/etc/krb5_relay.keytab", ""}) {
      EXPECT_TRUE(check_value_for_shell(name, value)) << name << ": " << value;
    }
  }
  EXPECT_TRUE(check_value_for_shell("sasl.password", "x; cmd"));
}

TEST(Properties, ConnectionAndTuningArePassedOn) {
  for (const char* name : {"security.protocol", "sasl.mechanisms", "sasl.username", "sasl.password",
                           "ssl.ca.location", "linger.ms", "compression.type", "client.id", "debug",
                           "message.max.bytes", "socket.timeout.ms"}) {
    EXPECT_TRUE(check_property(name)) << name;
  }
}

TEST(Properties, SecretsAreKnown) {
  for (const char* name : {"sasl.password", "ssl.key.password", "ssl.keystore.password",
                           "sasl.oauthbearer.client.secret", "ssl.key.pem"}) {
    EXPECT_TRUE(is_secret_property(name)) << name;
  }
  EXPECT_FALSE(is_secret_property("linger.ms"));
}

}  // namespace
}  // namespace outrider::kafka
