// ./dev bench outage: whether a service feels that Kafka is away. Used by the lab's main.
#pragma once

namespace outrider::testing {

struct OutageOptions {
  int seconds = 30;  ///< With the broker, and as long without it.
  int per_second = 100;
};

/// `POST /orders` at an even pace while the broker is there, and then while it is not. The exit
/// code: 1 if an order that was accepted, or its event, is missing at the end.
int run_outage(const OutageOptions& options);

}  // namespace outrider::testing
