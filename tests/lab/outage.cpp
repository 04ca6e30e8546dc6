#include "tests/lab/outage.h"

#include "tests/lab/figures.h"
#include "tests/lab/stage.h"
#include "tests/support/sample_services.h"
#include "tests/support/service_load.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kWarmUpSeconds = 5;
constexpr auto kDeliveryPatience = 120s;

class Outage {
 public:
  explicit Outage(const OutageOptions& options) : options_(options) {}

  int run() {
    place_orders("warm-up", kWarmUpSeconds);
    const double with_broker = place_orders("with the broker", options_.seconds);
    say("killing the broker");
    stage_.kafka().kill_hard();
    const double without = place_orders("without the broker", options_.seconds);
    say("starting the broker again");
    stage_.kafka().start();
    Verdict verdict;
    eventually(kDeliveryPatience, [&] { return (verdict = services_.judge()).lost == 0; });
    const bool is_right = verdict.is_exact() && verdict.committed == accepted_;
    fmt::print("bench outage: p99 without the broker {:.2f} x that with it; {} accepted, {}\n",
               without / with_broker, accepted_, verdict.text());
    std::fflush(stdout);
    return is_right ? 0 : 1;
  }

 private:
  /// The 99th percentile of how long an answer took, in milliseconds.
  double place_orders(const std::string& when, int seconds) {
    say(fmt::format("{}: {} orders per second for {} s", when, options_.per_second, seconds));
    const auto events =
        static_cast<std::uint64_t>(seconds) * static_cast<std::uint64_t>(options_.per_second);
    ServiceLoad load(services_, {.events = events,
                                 .events_per_second = static_cast<double>(options_.per_second),
                                 .orders_only = true});
    load.finish();
    accepted_ += load.accepted();
    const std::vector<double> taken = load.order_milliseconds();
    const double p99 = percentile(taken, 99);
    fmt::print("bench outage: POST /orders {}: p50 {:.1f} ms, p99 {:.1f} ms, most {:.1f} ms\n",
               when, median(taken), p99, percentile(taken, 100));
    return p99;
  }

  const OutageOptions options_;
  Stage stage_;
  SampleServices services_{stage_.folder().path(), stage_.postgres(), stage_.kafka()};
  std::uint64_t accepted_ = 0;
};

}  // namespace

int run_outage(const OutageOptions& options) { return Outage(options).run(); }

}  // namespace outrider::testing
