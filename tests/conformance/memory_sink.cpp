// The memory sink in its conformance suite. The sink itself is the server.
#include "connectors/memory/sink.h"
#include "tests/conformance/sink_suite.h"

#include <chrono>
#include <limits>

namespace outrider::conformance {
namespace {

PlainRecord plain(const memory::StoredRecord& stored) {
  PlainRecord record{.topic = stored.topic,
                     .key = stored.key.value_or("(none)"),
                     .value = stored.value,
                     .timestamp_ms = std::chrono::floor<std::chrono::milliseconds>(stored.timestamp)
                                         .time_since_epoch()
                                         .count()};
  for (const auto& [name, value] : stored.headers) {
    record.headers.emplace_back(name, value.value_or("(none)"));
  }
  return record;
}

class MemorySinkUnderTest final : public SinkUnderTest {
 public:
  explicit MemorySinkUnderTest(Delivery delivery) : delivery_(delivery), sink_(delivery) {}

  Sink& sink() override { return sink_; }
  SinkPromises promises() const override { return {.delivery = delivery_}; }
  std::string topic() override { return "orders"; }

  std::vector<PlainRecord> seen(const IsEnough&) override {
    std::vector<PlainRecord> records;
    for (const memory::StoredRecord& stored : sink_.records()) records.push_back(plain(stored));
    return records;
  }

  void hold_back() override { sink_.refuse_offers(std::numeric_limits<std::size_t>::max()); }
  void let_go() override { sink_.refuse_offers(0); }

  std::vector<PlainRecord> bad_records() override {
    sink_.fail_offer({.kind = ErrorKind::BadEvent, .what = "the record is bad"});
    return {{.topic = topic(), .key = "bad", .value = "{}"}};
  }

 private:
  const Delivery delivery_;
  memory::MemorySink sink_;
};

Case<SinkUnderTest> case_of(std::string name, Delivery delivery) {
  return {.name = std::move(name),
          .make = [delivery] { return std::make_unique<MemorySinkUnderTest>(delivery); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, SinkConformance,
                         ::testing::Values(case_of("ExactlyOnce", Delivery::ExactlyOnce),
                                           case_of("AtLeastOnce", Delivery::AtLeastOnce)),
                         name_of<SinkUnderTest>);

}  // namespace
}  // namespace outrider::conformance
