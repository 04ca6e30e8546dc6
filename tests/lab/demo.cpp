#include "tests/lab/demo.h"

#include "tests/lab/arrivals.h"
#include "tests/lab/figures.h"
#include "tests/lab/progress.h"
#include "tests/lab/scene.h"
#include "tests/lab/stage.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/sql.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kPatience = 60s;
constexpr std::uint64_t kKills = 6;

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
void watch(const DemoOptions& options, Scene& scene, const Arrivals& arrivals) {
  Progress progress;
  Killer killer(scene.relay(), options.events);
  std::uint64_t before = 0;
  SteadyTime moved = std::chrono::steady_clock::now();
  eventually(24h, [&] {
    // In this order: everything that was committed before it finished.
    const bool is_finished = scene.is_finished();
    const std::uint64_t committed = scene.committed();
    const std::uint64_t delivered = arrivals.count();
    if (options.kill) killer.look(committed, delivered);
    progress.show(
        fmt::format("committed {:>8}   delivered {:>8}{}", committed, delivered,
                    options.kill ? fmt::format("   relay killed {}", killer.kills()) : ""));
    if (std::exchange(before, committed + delivered) != committed + delivered) {
      moved = std::chrono::steady_clock::now();
    }
    return (is_finished && delivered >= committed) ||
           std::chrono::steady_clock::now() - moved > kPatience;
  });
  scene.finish();
  progress.finish();
  if (options.kill) fmt::print("the relay was killed with kill -9 {} times\n", killer.kills());
}

/// Milliseconds from the commit, as Postgres noted its time, to the arrival.
std::vector<double> latencies(const Stage& stage, const Scene& scene, const Arrivals& arrivals) {
  const Arrivals::Times arrived = arrivals.times();
  std::vector<double> latencies;
  for (const std::string& database : scene.databases()) {
    const auto commits =
        Sql(stage.postgres().dsn(database))
            .rows(
                "select id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000000)"
                "::bigint from outbox");
    for (const auto& commit : commits) {
      const auto found = arrived.find(commit[0]);
      if (found == arrived.end()) continue;
      const std::chrono::duration<double, std::milli> since_epoch =
          found->second.time_since_epoch();
      latencies.push_back(since_epoch.count() - std::stod(commit[1]) / 1000);
    }
  }
  return latencies;
}

void print_addresses(const Stage& stage, Scene& scene) {
  fmt::print("all goes on running:\n{}", scene.things_to_try());
  for (const std::string& topic : scene.topics()) {
    fmt::print("  kcat -C -b {} -t {} -X isolation.level=read_committed\n",
               stage.kafka().bootstrap(), topic);
  }
  fmt::print(
      "  curl http://127.0.0.1:{}/status\n"
      "stop and remove it with:\n"
      "  kill {}\n",
      scene.relay().port(), getpid());
}

bool commit_and_check(const Stage& stage, Scene& scene, const DemoOptions& options) {
  Arrivals arrivals;
  std::vector<std::unique_ptr<Follower>> followers;
  for (const std::string& topic : scene.topics()) {
    followers.push_back(std::make_unique<Follower>(
        stage.kafka().bootstrap(), topic,
        [&](const Delivered& record) { arrivals.note(record.header("id")); }));
  }
  scene.begin(options.events, options.rate);
  watch(options, scene, arrivals);
  const Scene::Outcome outcome = scene.check();
  const std::vector<double> taken = latencies(stage, scene, arrivals);
  if (!outcome.is_right) fmt::print("the relay's log:\n{}", scene.relay().log());
  if (options.keep) print_addresses(stage, scene);
  if (!outcome.remark.empty()) fmt::print("{}\n", outcome.remark);
  fmt::print("demo: {}, p50 {:.1f} ms, p99 {:.1f} ms\n", outcome.verdict.text(),
             percentile(taken, 50), percentile(taken, 99));
  std::fflush(stdout);
  return outcome.is_right;
}

}  // namespace

int run_demo(const DemoOptions& options, const std::function<void(int)>& stay) {
  Stage stage({}, {{"track_commit_timestamp", "on"}});
  const std::unique_ptr<Scene> scene =
      options.load == "sql" ? make_sql_scene(stage) : make_services_scene(stage);
  const int code = commit_and_check(stage, *scene, options) ? 0 : 1;
  if (options.keep) stay(code);
  return code;
}

}  // namespace outrider::testing
