#include "tests/simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace outrider::simulation {
namespace {

using namespace std::chrono_literals;

// What one Kafka transaction and one ticket hold: small, so that limits are met often.
constexpr std::size_t kRecordsMax = 20;
constexpr std::array kPolicies = {BadEventPolicy::Halt, BadEventPolicy::Skip,
                                  BadEventPolicy::DeadLetter};
// Of a Kafka transaction: what a relay may wait for Postgres, and the commit.
constexpr Duration kOpenMost = 7s;
// Longer than every time-out that may be waited for, several times over.
constexpr Duration kCalmMost = 600s;
constexpr Duration kStopMost = 200s;
// A relay that takes more steps than this in a simulated second spins.
constexpr std::uint64_t kStepsPerSecondMost = 10'000;

/// Something besides Postgres keeps relays from ending their transactions.
bool is_disturbed(const Weather& weather) {
  const ClientFaults& client = weather.client;
  return weather.relays > 1 || weather.kill_relay + weather.freeze_relay + weather.stop_kafka +
                                       weather.operate + client.queue_full + client.produce_fails +
                                       client.commit_fails + client.response_lost +
                                       client.open_fails + client.look_fails + client.batch_fails +
                                       client.slow_response !=
                                   0;
}

PostgresShape shape_of(Random& random) {
  static constexpr std::array kMajors = {14, 15, 16, 17, 18};
  PostgresShape shape;
  shape.major = kMajors[random.below(kMajors.size())];
  shape.tables = {postgres::TableName{}, postgres::TableName{.name = "audit"}};
  return shape;
}

}  // namespace

World::World(std::uint64_t seed, bool keep_trace)
    : environment_(seed),
      weather_(environment_.random),
      may_leave_open_(is_disturbed(weather_)),
      oracle_(environment_, kRecordsMax),
      kafka_(
          environment_,
          {.decided = [this](const StoredRecord& record) { oracle_.decided(record); },
           .visible =
               [this](const TopicPartition& place, const StoredRecord& record,
                      std::uint64_t transaction) { oracle_.visible(place, record, transaction); },
           .complete = [this](std::uint64_t transaction) { oracle_.complete(transaction); }}),
      postgres_(environment_, shape_of(environment_.random)),
      services_(environment_, postgres_, oracle_) {
  environment_.trace.keep(keep_trace);
  if (weather_.poison != 0) {
    kafka_.limit_batches(kPoisonedBatchBytesMax);
    bad_event_ = kPolicies[environment_.random.below(kPolicies.size())];
    services_.expect_of_bad_events(bad_event_);
  }
  if (environment_.random.once_in(5)) delivery_ = Delivery::AtLeastOnce;
  // Repeats are what at_least_once allows after a crash; without any fault there are none.
  if (delivery_ == Delivery::AtLeastOnce) oracle_.allow_repeats();
}

RelayOptions World::relay_options(int number) {
  RelayOptions options{.number = number};
  options.pipeline.delivery = delivery_;
  options.pipeline.seed = environment_.random.next();
  options.pipeline.bad_event = bad_event_;
  options.pipeline.dead_letter_topic = kDeadLetterTopic;
  options.source.slot = "outrider_orders";
  options.source.publication = "outrider_orders";
  options.source.delivery = delivery_;
  options.sink.identity = kIdentity;
  options.sink.delivery = delivery_;
  options.sink.transaction_records_max = kRecordsMax;
  return options;
}

void World::start_relay(int number) {
  environment_.trace.note("world", fmt::format("relay {} starts", number));
  relays_.push_back(std::make_unique<Relay>(environment_, postgres_, kafka_, weather_.client,
                                            relay_options(number)));
}

void World::kill(std::size_t place) {
  const int number = relays_[place]->options().number;
  environment_.trace.note("world", fmt::format("kill -9 relay {}", number));
  steps_ += relays_[place]->steps();
  const bool vanished = environment_.random.once_in(4);
  postgres_.drop_client(
      number, vanished ? PostgresServer::Noticed::Later : PostgresServer::Noticed::AtOnce);
  relays_.erase(relays_.begin() + static_cast<std::ptrdiff_t>(place));
}

void World::stop_cleanly(std::size_t place) {
  Relay* const relay = relays_[place].get();
  const int number = relay->options().number;
  environment_.trace.note("world", fmt::format("SIGTERM relay {}", number));
  relay->stop();
  const TimePoint patience = environment_.clock.steady + kStopMost;
  while (!relay->pipeline().stopped() && environment_.clock.steady < patience) run_for(100ms);
  if (!relay->pipeline().stopped()) {
    oracle_.violated(fmt::format("relay {} did not stop, it is {}", number,
                                 to_string(relay->pipeline().status().state)));
    return;
  }
  steps_ += relay->steps();
  std::erase_if(relays_, [&](const auto& each) { return each.get() == relay; });
}

bool World::run_relays() {
  bool ran = false;
  const std::size_t first = relays_.empty() ? 0 : environment_.random.below(relays_.size());
  for (std::size_t i = 0; i < relays_.size(); ++i) {
    Relay& relay = *relays_[(first + i) % relays_.size()];
    if (!relay.is_due()) continue;
    relay.step();
    environment_.clock.pass(environment_.random.between(1us, 60us));
    watch();
    ran = true;
  }
  return ran;
}

void World::watch() {
  oracle_.confirmed(postgres_.confirmed_flush());
  if (environment_.clock.steady <= slow_until_) oracle_.may_split_up_to(postgres_.wal_end());
  if (may_leave_open_) return;
  const auto open_since = kafka_.open_since(kIdentity);
  if (open_since && environment_.clock.steady > *open_since + kOpenMost) {
    oracle_.violated("a Kafka transaction was left open");
  }
}

void World::run_for(Duration duration) {
  const TimePoint end = environment_.clock.steady + duration;
  TimePoint window = environment_.clock.steady;
  std::uint64_t turns = 0;
  while (!oracle_.violation()) {
    postgres_.step();
    kafka_.step();
    watch();
    if (environment_.clock.steady >= window + 1s) {
      window = environment_.clock.steady;
      turns = 0;
    }
    if (++turns > kStepsPerSecondMost) oracle_.violated("a relay spins");
    if (run_relays()) continue;
    const TimePoint now = environment_.clock.steady;
    if (now >= end) return;
    TimePoint next = std::min({end, postgres_.next_event(), kafka_.next_event()});
    for (const auto& relay : relays_) next = std::min(next, relay->next_event());
    environment_.clock.pass(std::max(next - now, Duration(1us)));
  }
}

void World::bad_days() {
  postgres_.set_up(relay_options(0).source);
  for (int i = 0; i < weather_.relays; ++i) start_relay(next_relay_++);
  for (int i = 0; i < weather_.happenings && !oracle_.violation(); ++i) {
    happen();
    const bool long_pause =
        weather_.long_pause != 0 && environment_.random.once_in(weather_.long_pause);
    run_for(long_pause ? environment_.random.between(1s, 70s)
                       : environment_.random.between(0ms, 60ms));
    if (relays_.empty() && environment_.random.once_in(3)) start_relay(next_relay_++);
  }
}

void World::happen() {
  const auto comes = [&](std::uint64_t once_in) {
    return once_in != 0 && environment_.random.once_in(once_in);
  };
  services_.act();
  if (comes(weather_.huge_transaction)) services_.commit_huge();
  if (comes(weather_.poison)) {
    services_.commit_poisoned();
    may_halt_ = may_halt_ || bad_event_ == BadEventPolicy::Halt;
  }
  if (comes(weather_.operate)) operate();
  if (!relays_.empty()) {
    const std::size_t place = environment_.random.below(relays_.size());
    if (comes(weather_.freeze_relay)) {
      environment_.trace.note("world", "SIGSTOP");
      relays_[place]->freeze(environment_.clock.steady + environment_.random.between(1s, 90s));
      slow_until_ = std::max(slow_until_, environment_.clock.steady + 90s);
      if (environment_.random.once_in(2)) start_relay(next_relay_++);
    }
    if (comes(weather_.kill_relay)) {
      kill(place);
    } else if (comes(weather_.stop_relay)) {
      stop_cleanly(place);
    }
  }
  break_something();
}

void World::break_something() {
  const auto comes = [&](std::uint64_t once_in) {
    return once_in != 0 && environment_.random.once_in(once_in);
  };
  Random& random = environment_.random;
  if (comes(weather_.crash_postgres)) postgres_.crash(random.between(10ms, 20s));
  if (comes(weather_.shut_down_postgres)) postgres_.shut_down(random.between(10ms, 10s));
  if (comes(weather_.disconnect)) {
    postgres_.disconnect(random);
    slow_until_ = std::max(slow_until_, environment_.clock.steady + 40s);
  }
  if (comes(weather_.terminate)) postgres_.terminate_walsender();
  if (comes(weather_.occupy_slot)) postgres_.occupy_slot(random.between(10ms, 20s));
  if (comes(weather_.stall_postgres)) {
    const Duration stall = random.between(10ms, 25s);
    postgres_.stall(stall);
    slow_until_ = std::max(slow_until_, environment_.clock.steady + stall + 1s);
  }
  if (comes(weather_.stop_kafka)) kafka_.stop_for(random.between(10ms, 90s));
  if (comes(weather_.intrude)) kafka_.intrude(kIdentity, random.between(10ms, 60s));
  if (comes(weather_.slow_markers)) kafka_.slow_markers(random.between(1ms, 5s));
  if (comes(weather_.jump_clock)) {
    environment_.clock.wall +=
        std::chrono::seconds(static_cast<int>(random.between(0, 7200)) - 3600);
  }
}

bool World::is_halted() const {
  return std::ranges::any_of(relays_, [](const auto& relay) { return relay->is_halted(); });
}

bool World::is_done() const {
  if (may_halt_ && is_halted()) return true;
  if (must_halt_) return false;
  return oracle_.outstanding() == 0 && !is_halted() &&
         postgres_.confirmed_flush() >= oracle_.last_event_end();
}

void World::calm() {
  weather_.client = {};
  kafka_.slow_markers(10ms);
  environment_.trace.note("world", "calm");
  if (relays_.empty()) start_relay(next_relay_++);
  const TimePoint patience = environment_.clock.steady + kCalmMost;
  while (!oracle_.violation() && !is_done() && environment_.clock.steady < patience) run_for(1s);
  if (oracle_.violation()) return;
  if (!is_done()) {
    oracle_.violated(must_halt_ ? "a gap went unnoticed"
                     : is_halted()
                         ? "a relay halted without need"
                         : fmt::format("{} events never arrived, the first is {}",
                                       oracle_.outstanding(), oracle_.next_outstanding()));
    return;
  }
  if (postgres_.shutdowns_that_hung() > 0) oracle_.violated("a shutdown of the server hung");
}

Outcome World::run() {
  bad_days();
  if (!oracle_.violation()) calm();
  for (const auto& relay : relays_) {
    steps_ += relay->steps();
    if (relay->queued_most() > 2 * kRecordsMax + 16) {
      oracle_.violated("a producer's queue grew beyond its bound");
    }
  }
  return {.violation = oracle_.violation(), .steps = steps_, .trace = environment_.trace.lines()};
}

}  // namespace outrider::simulation
