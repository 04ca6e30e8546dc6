// One simulated run: services, a Postgres, a Kafka, relays, faults, and the oracle that watches.
// Used by outrider_sim and the tests of the simulation.
#pragma once

#include "tests/simulation/environment.h"
#include "tests/simulation/kafka_cluster.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/postgres_server.h"
#include "tests/simulation/relay.h"
#include "tests/simulation/services.h"
#include "tests/simulation/weather.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulation {

constexpr const char* kIdentity = "outrider.shop.outrider_orders";

struct Outcome {
  std::optional<std::string> violation;
  std::uint64_t steps = 0;  ///< Of all relays.
  std::vector<std::string> trace;
};

/// Everything follows from the seed. One thread.
class World {
 public:
  World(std::uint64_t seed, bool keep_trace);

  /// A run of bad days, then a calm in which everything must arrive.
  Outcome run();

 private:
  RelayOptions relay_options(int number);
  void start_relay(int number);
  void kill(std::size_t place);
  void stop_cleanly(std::size_t place);
  void run_for(Duration duration);
  bool run_relays();
  void watch();
  void bad_days();
  void happen();
  void break_something();
  void operate();
  void calm();
  bool is_done() const;
  bool is_halted() const;
  void pass_time();
  void go_on_without_relays();
  void visit_of_another_cluster();
  void visit_of_a_later_release(const std::string& fields, int format);

  Environment environment_;
  Weather weather_;
  const bool may_leave_open_;  // Kafka transactions, for longer than Postgres is waited for.
  Oracle oracle_;
  KafkaCluster kafka_;
  PostgresServer postgres_;
  Services services_;
  std::vector<std::unique_ptr<Relay>> relays_;
  int next_relay_ = 1;
  Delivery delivery_ = Delivery::ExactlyOnce;
  BadEventPolicy bad_event_ = BadEventPolicy::Halt;
  bool was_operated_ = false;
  bool must_halt_ = false;  // It was a gap: going on would be silence about it.
  bool may_halt_ = false;   // An operator did what no relay can mend.
  TimePoint slow_until_{};
  std::shared_ptr<const PostgresServer::Snapshot> snapshot_;
  std::uint64_t steps_ = 0;
};

}  // namespace outrider::simulation
