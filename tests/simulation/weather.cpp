#include "tests/simulation/weather.h"

#include <array>

namespace outrider::simulation {

Weather::Weather(Random& random) {
  const std::array faults = {&client.queue_full,    &client.commit_fails,
                             &client.response_lost, &client.look_fails,
                             &client.open_fails,    &kill_relay,
                             &stop_relay,           &freeze_relay,
                             &crash_postgres,       &shut_down_postgres,
                             &disconnect,           &terminate,
                             &stall_postgres,       &stop_kafka,
                             &slow_markers,         &long_pause,
                             &huge_transaction,     &occupy_slot,
                             &client.produce_fails, &client.slow_response,
                             &jump_clock,           &intrude,
                             &client.batch_fails};
  // Few kinds at a time find more than all together: a kind that always comes first hides others.
  const std::uint64_t kinds = random.between(0, 6);
  for (std::uint64_t i = 0; i < kinds; ++i) {
    *faults[random.below(faults.size())] = random.between(5, 40);
  }
  if (random.once_in(10)) be_slow(random);
  if (random.once_in(12)) poison = random.between(20, 100);
  if (random.once_in(4)) operate = random.between(20, 80);
  relays = random.once_in(3) ? static_cast<int>(random.between(2, 3)) : 1;
  happenings = static_cast<int>(random.between(20, 160));
}

/// Nothing but a Postgres that stops in the middle of large transactions.
void Weather::be_slow(Random& random) {
  *this = {};
  stall_postgres = random.between(3, 10);
  huge_transaction = random.between(3, 10);
}

}  // namespace outrider::simulation
