// What librdkafka itself says of properties, and what it is given.
#include "connectors/kafka/librdkafka_config.h"

#include "connectors/kafka/librdkafka_secrets.h"
#include "connectors/kafka/properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

namespace outrider::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Every name in the tables that rd_kafka_conf_properties_show() prints.
std::set<std::string> all_properties() {
  char* text = nullptr;
  std::size_t size = 0;
  FILE* const file = open_memstream(&text, &size);
  rd_kafka_conf_properties_show(file);
  std::fclose(file);
  const std::unique_ptr<char, decltype(&std::free)> owner(text, std::free);
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find_first_of(" |"));
    const bool is_row = line.find('|') != std::string::npos && !name.starts_with('-');
    if (is_row && name != "Property") names.insert(name);
  }
  return names;
}

TEST(LibrdkafkaConfig, OfEveryPropertyItIsDecidedWhetherItMayBeSet) {
  std::set<std::string> refused;
  for (const std::string& name : all_properties()) {
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
  for (const std::string& name : all_properties()) {
    if (!check_property(name)) continue;
    Options options;
    options.librdkafka = {{name, "1"}};
    const Result<Configuration> made = reader_configuration(options, Isolation::ReadCommitted);
    EXPECT_THAT(made ? "" : made.error().what, Not(HasSubstr("No such"))) << name;
  }
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
  file("password", "new\r\n");
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
  options.tls = Tls{.ca_file = file("ca", "1"),
                    .certificate_file = file("certificate", "2"),
                    .key_file = file("key", "3"),
                    .key_password_file = file("password", "4")};
  std::set<std::size_t> seen = {*fingerprint_of_files(options)};
  EXPECT_TRUE(seen.contains(*fingerprint_of_files(options)));
  for (const char* name : {"ca", "certificate", "key", "password"}) {
    file(name, "5");
    seen.insert(*fingerprint_of_files(options));
  }
  EXPECT_EQ(seen.size(), 5U);
}

}  // namespace
}  // namespace outrider::kafka
