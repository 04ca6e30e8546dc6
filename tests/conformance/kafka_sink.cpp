// The Kafka sink in its conformance suites, made by the registry, on a real broker.
#include "connectors/registry/registry.h"
#include "tests/conformance/hex_format.h"
#include "tests/conformance/runner.h"
#include "tests/conformance/sink_suite.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/kafka_server.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <chrono>
#include <sstream>

namespace outrider::conformance {
namespace {

using testing::Delivered;
using testing::KafkaServer;
using testing::TemporaryFolder;

constexpr std::size_t kTransactionRecordsMax = 20;
constexpr std::size_t kTooManyBytes = 2'000'000;

/// Started by the first test, stopped when the program ends.
KafkaServer& server() {
  static const TemporaryFolder folder;
  // The controller takes a broker that was killed for alive until its session has expired, and lets
  // it serve again only then.
  static KafkaServer shared(folder.path() / "kafka", {{"broker.session.timeout.ms", "1000"},
                                                      {"broker.heartbeat.interval.ms", "200"}});
  return shared;
}

PlainRecord plain(const Delivered& delivered) {
  PlainRecord record{.topic = delivered.topic,
                     .key = delivered.key,
                     .value = delivered.value,
                     .timestamp_ms = delivered.timestamp_ms};
  std::istringstream fields(delivered.headers);
  for (std::string field; std::getline(fields, field, ',');) {
    const std::size_t split = field.find('=');
    record.headers.emplace_back(field.substr(0, split), field.substr(split + 1));
  }
  return record;
}

class KafkaSinkUnderTest final : public ServedSinkUnderTest {
 public:
  explicit KafkaSinkUnderTest(Delivery delivery)
      : options_{.bootstrap_servers = server().bootstrap(),
                 .tls = {},
                 .sasl = {},
                 .identity = name_ + ".checkpoint",
                 .delivery = delivery,
                 .checkpoint_replication = {},
                 .transaction_records_max = kTransactionRecordsMax,
                 .librdkafka = {}},
        sink_(another()) {}

  Sink& sink() override { return *sink_; }
  SinkPromises promises() const override {
    const bool exactly_once = options_.delivery == Delivery::ExactlyOnce;
    return {.hides_undelivered = exactly_once,
            .fences_older_instances = exactly_once,
            .delivery = options_.delivery};
  }
  std::string topic() override { return name_ + ".orders"; }

  std::vector<PlainRecord> seen(const IsEnough& is_enough) override {
    std::vector<PlainRecord> records;
    testing::eventually(std::chrono::floor<std::chrono::milliseconds>(kPatience), [&] {
      records.clear();
      testing::read_topic(server().bootstrap(), topic(),
                          [&](const Delivered& each) { records.push_back(plain(each)); });
      return is_enough(records);
    });
    return records;
  }

  // Its queue is full long before a broker takes what is in it.
  void hold_back() override {}
  void let_go() override {}

  std::vector<PlainRecord> bad_records() override {
    return {{.topic = "no topic name", .key = "k", .value = "{}"},
            {.topic = "", .key = "k", .value = "{}"},
            {.topic = std::string(250, 'x'), .key = "k", .value = "{}"},
            {.topic = options_.identity, .key = "k", .value = "{}"},
            {.topic = topic(), .key = "k", .value = std::string(kTooManyBytes, 'x')}};
  }

  std::unique_ptr<Sink> another() override { return make_sink(options_, format_); }
  void kill_server() override { server().kill_hard(); }
  void start_server() override { server().start(); }

 private:
  static std::string next_name() {
    static int number = 0;
    return "conformance" + std::to_string(++number);
  }

  const std::string name_ = next_name();
  const HexFormat format_;
  const kafka::Options options_;
  std::unique_ptr<Sink> sink_;
};

template <class UnderTest>
auto both_modes() {
  const auto in_mode = [](std::string name, Delivery delivery) {
    return Case<UnderTest>{.name = std::move(name), .make = [delivery] {
                             return std::make_unique<KafkaSinkUnderTest>(delivery);
                           }};
  };
  return ::testing::Values(in_mode("ExactlyOnce", Delivery::ExactlyOnce),
                           in_mode("AtLeastOnce", Delivery::AtLeastOnce));
}

INSTANTIATE_TEST_SUITE_P(Kafka, SinkConformance, both_modes<SinkUnderTest>(),
                         name_of<SinkUnderTest>);
INSTANTIATE_TEST_SUITE_P(Kafka, SharedSinkConformance, both_modes<SharedSinkUnderTest>(),
                         name_of<SharedSinkUnderTest>);
INSTANTIATE_TEST_SUITE_P(Kafka, ServedSinkConformance, both_modes<ServedSinkUnderTest>(),
                         name_of<ServedSinkUnderTest>);

}  // namespace
}  // namespace outrider::conformance
