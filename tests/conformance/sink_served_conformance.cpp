// What a sink promises when its server is killed: checkpoint and records still agree.
#include "tests/conformance/sink_driver.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

namespace outrider::conformance {
namespace {

using ::testing::ElementsAreArray;

constexpr int kRecordsPerTicket = 3;
constexpr std::uint64_t kTicketsBefore = 3;
constexpr std::uint64_t kLost = kTicketsBefore + 1;

std::uint64_t number_of(const Position& position) {
  std::uint64_t number = 0;
  std::memcpy(&number, position.bytes().data(), sizeof number);
  return number;
}

/// Of each record only the first is kept.
std::vector<PlainRecord> without_repeats(const std::vector<PlainRecord>& records) {
  std::vector<PlainRecord> first;
  for (const PlainRecord& record : records) {
    if (std::ranges::find(first, record) == first.end()) first.push_back(record);
  }
  return first;
}

/// One sink that loses its server during a delivery.
class Victim {
 public:
  explicit Victim(std::unique_ptr<ServedSinkUnderTest> under_test)
      : under_test_(std::move(under_test)), topic_(under_test_->topic()) {}

  ServedSinkUnderTest& under_test() { return *under_test_; }

  /// Some deliveries; how long the last one took.
  Duration deliver_some() {
    driver_.start();
    TimePoint begin;
    for (std::uint64_t ticket = 1; ticket <= kTicketsBefore; ++ticket) {
      begin = read_clocks().steady;
      driver_.deliver(records_of(ticket), position_number(ticket));
    }
    return read_clocks().steady - begin;
  }

  void begin_delivery() {
    driver_.offer(records_of(kLost));
    driver_.seal(position_number(kLost));
    driver_.step(Supply::Dry);
  }

  /// Whatever is left to do then may have to wait for the server.
  void give_up() { under_test_->sink().abandon(); }

  /// Until the delivery is reported, or fails, which is just as well.
  void go_on() {
    try {
      driver_.deliver(Supply::Dry, kOutagePatience);
    } catch (const Failed& failed) {
      EXPECT_NE(failed.error.kind, ErrorKind::BadEvent) << failed.what();
      EXPECT_NE(failed.error.kind, ErrorKind::Refused) << failed.what();
    }
  }

  void expect_truth() {
    const bool was_reported = driver_.delivered() == kLost;
    driver_.abandon(kOutagePatience);
    const Found found = driver_.start(kOutagePatience);
    ASSERT_TRUE(found.checkpoint.has_value());
    const std::uint64_t reached = number_of(found.checkpoint->position);
    EXPECT_GE(reached, was_reported ? kLost : kLost - 1);
    EXPECT_LE(reached, kLost);
    // What the checkpoint does not cover is offered again, as the source would.
    for (std::uint64_t ticket = reached + 1; ticket <= kLost + 1; ++ticket) {
      driver_.deliver(records_of(ticket), position_number(ticket));
    }
    const std::vector<PlainRecord> all =
        some_records(topic_, 0, kRecordsPerTicket * static_cast<int>(kLost + 1));
    std::vector<PlainRecord> seen = under_test_->seen_through(all.back());
    if (!under_test_->promises().hides_undelivered) seen = without_repeats(seen);
    EXPECT_THAT(seen, ElementsAreArray(all)) << "resumed after ticket " << reached;
  }

 private:
  std::vector<PlainRecord> records_of(std::uint64_t ticket) const {
    return some_records(topic_, kRecordsPerTicket * static_cast<int>(ticket - 1),
                        kRecordsPerTicket);
  }

  const std::unique_ptr<ServedSinkUnderTest> under_test_;
  const std::string topic_;
  SinkDriver driver_{under_test_->sink()};
};

TEST_P(ServedSinkConformance, WhenTheServerDiesDuringADeliveryCheckpointAndRecordsAgree) {
  const auto make = GetParam().make;
  std::array victims = {Victim(make()), Victim(make()), Victim(make()), Victim(make())};
  Duration usual{};
  for (Victim& victim : victims) usual = victim.deliver_some();
  // Each is at another moment of its delivery when the blow comes; nothing waits for anything here.
  for (Victim& victim : victims) {
    victim.begin_delivery();
    std::this_thread::sleep_for(usual / victims.size());
  }
  victims[0].under_test().kill_server();
  victims[1].give_up();
  victims[3].give_up();
  victims[0].under_test().start_server();
  victims[0].go_on();
  victims[2].go_on();
  for (Victim& victim : victims) victim.expect_truth();
}

}  // namespace
}  // namespace outrider::conformance
