// Which faults a run knows, and how often: every seed has its own mixture, most of them few kinds.
// Used by the world.
#pragma once

#include "tests/simulation/environment.h"
#include "tests/simulation/kafka_client.h"

#include <cstdint>

namespace outrider::simulation {

struct Weather {
  explicit Weather(Random& random);

  ClientFaults client;
  /// Once in so many happenings; 0: never.
  std::uint64_t kill_relay = 0;
  std::uint64_t stop_relay = 0;
  std::uint64_t freeze_relay = 0;
  std::uint64_t crash_postgres = 0;
  std::uint64_t shut_down_postgres = 0;
  std::uint64_t disconnect = 0;
  std::uint64_t terminate = 0;
  std::uint64_t stall_postgres = 0;
  std::uint64_t stop_kafka = 0;
  std::uint64_t slow_markers = 0;
  std::uint64_t intrude = 0;
  std::uint64_t long_pause = 0;
  std::uint64_t huge_transaction = 0;
  std::uint64_t occupy_slot = 0;
  std::uint64_t poison = 0;
  std::uint64_t operate = 0;
  std::uint64_t jump_clock = 0;
  int relays = 1;
  int happenings = 100;

 private:
  Weather() = default;
  void be_slow(Random& random);
};

}  // namespace outrider::simulation
