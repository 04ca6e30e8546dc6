// ./dev bench drain: how fast a backlog goes from Postgres to Kafka. Used by the lab's main.
#pragma once

#include <cstdint>
#include <string>

namespace outrider::testing {

struct DrainOptions {
  std::uint64_t rows = 500'000;
  int runs = 3;
  std::string delivery = "exactly_once";
  std::string payload = "jsonb";  ///< Or text.
};

/// In each run the same backlog is read by pg_recvlogical into nothing and by the relay into Kafka,
/// one after the other. The exit code: 1 if a run lost, repeated or reordered anything; such a run
/// has no rate.
int run_drain(const DrainOptions& options);

}  // namespace outrider::testing
