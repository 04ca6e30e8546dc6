#include "tests/lab/demo.h"

#include "tests/lab/figures.h"
#include "tests/lab/progress.h"
#include "tests/lab/stage.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/outbox_load.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using SystemTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr const char* kDatabase = "order_db";
constexpr const char* kTopic = "outbox.event.order";
constexpr auto kPatience = 60s;
constexpr std::uint64_t kKills = 6;

/// When the consumer had each event.
class Arrivals {
 public:
  void note(const Delivered& record) {
    const SystemTime now = std::chrono::system_clock::now();
    const auto payload = nlohmann::json::parse(record.value.value_or("{}"));
    const auto transaction = payload.value("transaction", std::uint64_t{0});
    const std::scoped_lock lock(mutex_);
    arrivals_.emplace_back(transaction, now);
    ++count_;
  }

  std::uint64_t count() const { return count_; }

  /// Milliseconds from the return of COMMIT to the arrival, of every event whose commit is known.
  std::vector<double> latencies(const OutboxLoad& load) const {
    const std::scoped_lock lock(mutex_);
    std::vector<double> latencies;
    for (const auto& [transaction, arrived] : arrivals_) {
      const SystemTime committed = load.committed_at(transaction);
      if (committed == SystemTime{}) continue;
      const std::chrono::duration<double, std::milli> latency = arrived - committed;
      // The consumer may have it before the service hears that its COMMIT is done.
      latencies.push_back(std::max(0.0, latency.count()));
    }
    return latencies;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, SystemTime>> arrivals_;
  std::atomic<std::uint64_t> count_ = 0;
};

/// Kills the relay at even parts of the run, each time only after it delivered something.
class Killer {
 public:
  Killer(RelayProcess& relay, std::uint64_t events) : relay_(relay), events_(events) {}

  void look(std::uint64_t committed, std::uint64_t delivered) {
    const bool is_time = committed * (kKills + 2) >= (kills_ + 1) * events_;
    if (kills_ == kKills || !is_time || delivered <= delivered_before_ || delivered == committed) {
      return;
    }
    relay_.kill_hard();
    relay_.start();
    delivered_before_ = delivered;
    ++kills_;
  }

  std::uint64_t kills() const { return kills_; }

 private:
  RelayProcess& relay_;
  const std::uint64_t events_;
  std::uint64_t kills_ = 0;
  std::uint64_t delivered_before_ = 0;
};

/// Until everything that was committed arrived, or nothing moves any more.
void watch(const DemoOptions& options, RelayProcess& relay, OutboxLoad& load,
           const Arrivals& arrivals) {
  Progress progress;
  Killer killer(relay, options.events);
  std::uint64_t before = 0;
  SteadyTime moved = std::chrono::steady_clock::now();
  eventually(24h, [&] {
    const std::uint64_t committed = load.committed();
    const std::uint64_t delivered = arrivals.count();
    if (options.kill) killer.look(committed, delivered);
    progress.show(
        fmt::format("committed {:>8}   delivered {:>8}{}", committed, delivered,
                    options.kill ? fmt::format("   relay killed {}", killer.kills()) : ""));
    if (std::exchange(before, committed + delivered) != committed + delivered) {
      moved = std::chrono::steady_clock::now();
    }
    return (load.is_finished() && delivered >= load.committed()) ||
           std::chrono::steady_clock::now() - moved > kPatience;
  });
  load.finish();
  progress.finish();
  if (options.kill) fmt::print("the relay was killed with kill -9 {} times\n", killer.kills());
}

void print_addresses(const Stage& stage, const RelayProcess& relay) {
  fmt::print(
      "all goes on running:\n"
      "  psql -h 127.0.0.1 -p {} -U postgres {}\n"
      "  kcat -C -b {} -t {} -X isolation.level=read_committed\n"
      "  curl http://127.0.0.1:{}/status\n"
      "stop and remove it with:\n"
      "  kill {}\n",
      stage.postgres().port(), kDatabase, stage.kafka().bootstrap(), kTopic, relay.port(),
      getpid());
}

bool commit_and_check(const Stage& stage, RelayProcess& relay, const DemoOptions& options) {
  const std::string dsn = stage.postgres().dsn(kDatabase);
  Arrivals arrivals;
  const Follower follower(stage.kafka().bootstrap(), kTopic,
                          [&](const Delivered& record) { arrivals.note(record); });
  OutboxLoad load({.dsn = dsn, .events = options.events, .events_per_second = options.rate});
  watch(options, relay, load, arrivals);
  const std::vector<double> latencies = arrivals.latencies(load);
  const Verdict verdict = judge(dsn, "order", read_topic(stage.kafka().bootstrap(), kTopic));
  if (!verdict.is_exact()) fmt::print("the relay's log:\n{}", relay.log());
  if (options.keep) print_addresses(stage, relay);
  fmt::print("demo: {}, p50 {:.1f} ms, p99 {:.1f} ms\n", verdict.text(), percentile(latencies, 50),
             percentile(latencies, 99));
  std::fflush(stdout);
  return verdict.is_exact();
}

}  // namespace

int run_demo(const DemoOptions& options, const std::function<void(int)>& stay) {
  Stage stage;
  const std::unique_ptr<RelayProcess> relay = stage.add_relay(kDatabase, "exactly_once");
  stage.kafka().create_topic(kTopic, 3);
  Stage::start(*relay);
  const int code = commit_and_check(stage, *relay, options) ? 0 : 1;
  if (options.keep) stay(code);
  return code;
}

}  // namespace outrider::testing
