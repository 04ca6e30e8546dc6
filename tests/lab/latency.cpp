#include "tests/lab/latency.h"

#include "tests/lab/arrivals.h"
#include "tests/lab/figures.h"
#include "tests/lab/stage.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/sql.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// The first events pay for topics, caches and connections.
constexpr int kWarmUp = 200;
constexpr auto kArrivalPatience = 30s;
constexpr std::chrono::duration<double> kIdleTime = 10s;

struct Commit {
  std::string id;
  std::chrono::system_clock::time_point returned;
};

std::vector<Commit> commit_evenly(Sql& sql, const std::string& aggregate, int events,
                                  Clock::duration interval) {
  std::vector<Commit> commits;
  Clock::time_point due = Clock::now();
  for (int i = 0; i < events; ++i) {
    due += interval;
    std::this_thread::sleep_until(due);
    const std::string id = sql.value(
        fmt::format("insert into outbox (id, aggregatetype, aggregateid, type, payload) values "
                    "(gen_random_uuid(), '{}', 'key-{}', 'measured', '{{\"n\": {}}}') returning id",
                    aggregate, i % 64, i));
    commits.push_back({.id = id, .returned = std::chrono::system_clock::now()});
  }
  return commits;
}

void print_idle(const RelayProcess& relay, const std::string& delivery) {
  say("nothing happens for a while");
  const ProcessFigures before = relay.process().figures();
  std::this_thread::sleep_for(kIdleTime);
  const ProcessFigures after = relay.process().figures();
  fmt::print("bench latency: {}, at rest: {:.2f} % of one core, RSS {:.1f} MB\n", delivery,
             (after.cpu_seconds - before.cpu_seconds) * 100 / kIdleTime.count(),
             static_cast<double>(after.rss_bytes) / (1 << 20));
  std::fflush(stdout);
}

void measure(Stage& stage, const std::string& database, const std::string& delivery,
             const LatencyOptions& options) {
  const std::unique_ptr<RelayProcess> relay = stage.add_relay(database, delivery);
  const std::string topic = "outbox.event." + database;
  stage.kafka().create_topic(topic, 3);
  Stage::start(*relay);
  Arrivals arrivals;
  const Follower consumer(stage.kafka().bootstrap(), topic,
                          [&](const Delivered& record) { arrivals.note(record.header("id")); });
  const int events = kWarmUp + options.seconds * options.per_second;
  say(fmt::format("{}: {} events, {} per second", delivery, events, options.per_second));
  Sql sql(stage.postgres().dsn(database));
  const std::vector<Commit> commits =
      commit_evenly(sql, database, events, Clock::duration(1s) / options.per_second);
  if (!eventually(kArrivalPatience, [&] { return arrivals.count() >= commits.size(); })) {
    throw std::runtime_error(fmt::format("{} of {} events arrived; the relay's log:\n{}",
                                         arrivals.count(), commits.size(), relay->log()));
  }
  const auto times = arrivals.times();
  std::vector<double> latencies;
  for (std::size_t i = kWarmUp; i < commits.size(); ++i) {
    const std::chrono::duration<double, std::milli> latency =
        times.at(commits[i].id) - commits[i].returned;
    latencies.push_back(std::max(latency.count(), 0.0));
  }
  fmt::print("bench latency: {}, {}/s: p50 {:.1f} ms, p99 {:.1f} ms, most {:.1f} ms\n", delivery,
             options.per_second, percentile(latencies, 50), percentile(latencies, 99),
             percentile(latencies, 100));
  std::fflush(stdout);
  print_idle(*relay, delivery);
  relay->stop();
}

}  // namespace

int run_latency(const LatencyOptions& options) {
  Stage stage;
  for (const std::string delivery : {"exactly_once", "at_least_once"}) {
    if (options.delivery != "both" && options.delivery != delivery) continue;
    measure(stage, "latency_" + delivery, delivery, options);
  }
  return 0;
}

}  // namespace outrider::testing
