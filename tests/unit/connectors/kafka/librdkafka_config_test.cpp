// What librdkafka itself says of properties, and what it is given.
#include "connectors/kafka/librdkafka_config.h"

#include "connectors/kafka/librdkafka_secrets.h"
#include "connectors/kafka/properties.h"
#include "relay/base/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace outrider::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(const std::string& name, const std::string& value) {
  const Result<void> taken = check_property_value(name, value);
  return taken ? "" : taken.error().what;
}

TEST(BrokerReasons, AreSaidOfWhatNobodyAnsweredAndOfNothingElse) {
  BrokerReason heard;
  heard.hear(RD_KAFKA_RESP_ERR__SSL, "certificate verify failed");
  const ClientError silence = explained(error_of(RD_KAFKA_RESP_ERR__TIMED_OUT), heard);
  EXPECT_EQ(silence.code, RD_KAFKA_RESP_ERR__SSL);
  EXPECT_THAT(silence.text, HasSubstr("(certificate verify failed)"));
  const ClientError answer =
      explained(error_of(RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR), heard);
  EXPECT_EQ(answer.code, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR);
  EXPECT_THAT(answer.text, Not(HasSubstr("certificate")));
}

TEST(LibrdkafkaConfig, OfEveryPropertyItIsDecidedWhetherItMayBeSet) {
  std::set<std::string> refused;
  for (const std::string& name : property_names()) {
    if (!check_property(name)) refused.insert(name);
  }
  // The others connect, log in, tune or concern group consumers, which the relay has none of.
  EXPECT_THAT(
      refused,
      ElementsAre(
          "acks", "allow.auto.create.topics", "auto.commit.enable", "auto.offset.reset",
          "background_event_cb", "bootstrap.servers", "closesocket_cb", "connect_cb", "consume_cb",
          "default_topic_conf", "delivery.report.only.error", "delivery.timeout.ms", "dr_cb",
          "dr_msg_cb", "enable.auto.commit", "enable.auto.offset.store", "enable.gapless.guarantee",
          "enable.idempotence", "enable.partition.eof", "enabled_events", "error_cb", "group.id",
          "interceptors", "isolation.level", "log.queue", "log_cb", "max.in.flight",
          "max.in.flight.requests.per.connection", "message.send.max.retries", "message.timeout.ms",
          "metadata.broker.list", "msg_order_cmp", "oauthbearer_token_refresh_cb",
          "offset.store.method", "offset.store.path", "offset_commit_cb", "opaque", "open_cb",
          "partitioner", "partitioner_cb", "plugin.library.paths", "queue.buffering.max.kbytes",
          "queue.buffering.max.messages", "queuing.strategy", "rebalance_cb",
          "request.required.acks", "resolve_cb", "retries", "sasl.kerberos.kinit.cmd", "socket_cb",
          "ssl.certificate.verify_cb", "ssl.engine.id", "ssl.engine.location", "ssl.providers",
          "ssl_ca", "ssl_certificate", "ssl_engine_callback_data", "ssl_key", "stats_cb",
          "throttle_cb", "transaction.timeout.ms", "transactional.id"));
}

/// Those that this librdkafka does not set by a text are no use to pass on.
TEST(LibrdkafkaConfig, WhateverMayBeSetCanBeSet) {
  for (const std::string& name : property_names()) {
    if (!check_property(name)) continue;
    EXPECT_THAT(refusal(name, "1"), Not(HasSubstr("No such"))) << name;
  }
}

TEST(LibrdkafkaConfig, WhatIsWrongWithAPropertyIsSaidInItsOwnWords) {
  EXPECT_EQ(refusal("linger.ms", "5"), "");
  EXPECT_EQ(refusal("compression.type", "zip"),
            "Invalid value \"zip\" for configuration property \"compression.codec\"");
  EXPECT_EQ(refusal("socket.timeout.ms", "1"),
            "Configuration property \"socket.timeout.ms\" value 1 is outside allowed range "
            "10..300000");
}

TEST(LibrdkafkaConfig, WhatIsTooLongToBeSaidIsCutBetweenCharacters) {
  std::string name = "x";
  for (int i = 0; i < 500; ++i) name += "ü";
  EXPECT_TRUE(is_utf8(refusal(name, "1")));
  EXPECT_TRUE(is_utf8(refusal("x" + name, "1")));
}

TEST(LibrdkafkaConfig, OfAnUnknownPropertyTheNearestThatMayBeSetIsOffered) {
  EXPECT_EQ(refusal("linger.mss", "5"),
            "No such configuration property: \"linger.mss\" (did you mean \"linger.ms\"?)");
  EXPECT_EQ(refusal("group.idd", "5"), "No such configuration property: \"group.idd\"");
}

TEST(LibrdkafkaConfig, TheValueOfASecretNeverShows) {
  EXPECT_EQ(refusal("sasl.pasword", "hunter2"),
            "No such configuration property: \"sasl.pasword\" (did you mean \"sasl.password\"?)");
  EXPECT_THAT(refusal("my.password", "hunter2"), Not(HasSubstr("hunter2")));
}

TEST(LibrdkafkaConfig, NoValueReachesAShellThatWouldRunIt) {
  Options options;
  options.librdkafka = {{"sasl.kerberos.principal", "x; cmd"}};
  const Result<Configuration> made = reader_configuration(options, Isolation::ReadCommitted);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::Misconfigured);
  EXPECT_THAT(made.error().what, HasSubstr("shell"));
}

class Files : public ::testing::Test {
 protected:
  Files() { std::filesystem::create_directories(folder_); }
  ~Files() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
    return folder_ / name;
  }

  const std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                        ("outrider-secrets-" + std::to_string(getpid()));
};

std::string value_of(const rd_kafka_conf_t* configuration, const char* name) {
  char text[256] = "";
  std::size_t size = sizeof text;
  return rd_kafka_conf_get(configuration, name, text, &size) == RD_KAFKA_CONF_OK ? text : "";
}

TEST_F(Files, APasswordIsReadAnewForEachClient) {
  Options options;
  options.tls = Tls{};
  options.sasl = Sasl{.username = "u", .password_file = file("password", "old\n")};
  const auto password = [&] {
    return value_of(reader_configuration(options, Isolation::ReadCommitted)->get(),
                    "sasl.password");
  };
  EXPECT_EQ(password(), "old");
  file("password", "new\r\nof the broker\n");
  EXPECT_EQ(password(), "new");
}

TEST_F(Files, AMissingSecretIsWaitedFor) {
  Options options;
  options.tls = Tls{};
  options.sasl = Sasl{.username = "u", .password_file = folder_ / "none"};
  const auto made = producer_configuration(options, "", 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(made.error().what, HasSubstr("none\": no such file"));
}

TEST_F(Files, TheFingerprintChangesWithEachFile) {
  Options options;
  const std::string first = "-----BEGIN-----\n";
  options.tls = Tls{.ca_file = file("ca", first + "1"),
                    .certificate_file = file("certificate", first + "2"),
                    .key_file = file("key", first + "3"),
                    .key_password_file = file("password", first + "4")};
  std::set<std::size_t> seen = {*fingerprint_of_files(options)};
  EXPECT_TRUE(seen.contains(*fingerprint_of_files(options)));
  for (const char* name : {"ca", "certificate", "key", "password"}) {
    file(name, first + "5");
    seen.insert(*fingerprint_of_files(options));
  }
  EXPECT_EQ(seen.size(), 5U);
}

}  // namespace
}  // namespace outrider::kafka
