#include "tests/lab/demo.h"
#include "tests/lab/drain.h"
#include "tests/lab/ending.h"
#include "tests/lab/huge.h"
#include "tests/lab/latency.h"
#include "tests/lab/outage.h"
#include "tests/lab/required_tools.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <functional>

namespace outrider::testing {
namespace {

using Stay = std::function<void(int)>;

struct CommandLine {
  DemoOptions demo;
  DrainOptions drain;
  LatencyOptions latency;
  HugeOptions huge;
  OutageOptions outage;
  std::function<int(const Stay&)> chosen = {};
};

void add_demo(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("demo", "Real Postgres and Kafka, the relay between them, and the proof");
  command
      ->add_option("--load", line.demo.load,
                   "services: people use the sample services through HTTP; sql: clients write an "
                   "outbox, several rows per transaction, some rolled back")
      ->check(CLI::IsMember({"services", "sql"}))
      ->capture_default_str();
  CLI::Option* events =
      command->add_option("--events", line.demo.events, "How many events are committed")
          ->check(CLI::PositiveNumber)
          ->default_str(fmt::format("{}; with sql {}", DemoOptions::kServicesEvents,
                                    DemoOptions::kSqlEvents));
  CLI::Option* rate =
      command->add_option("--rate", line.demo.rate, "Events per second; 0: as many as possible")
          ->check(CLI::NonNegativeNumber)
          ->default_str(
              fmt::format("{}; with sql {}", DemoOptions::kServicesRate, DemoOptions::kSqlRate));
  command->add_flag("--kill", line.demo.kill, "kill -9 the relay again and again meanwhile");
  command->add_flag("--keep", line.demo.keep, "Leave all running afterwards and tell where");
  command->footer("Exit code 0 if consumers saw exactly what was committed.");
  command->callback([&line, events, rate] {
    const bool is_sql = line.demo.load == "sql";
    if (is_sql && events->empty()) line.demo.events = DemoOptions::kSqlEvents;
    if (is_sql && rate->empty()) line.demo.rate = DemoOptions::kSqlRate;
    line.chosen = [&line](const Stay& stay) { return run_demo(line.demo, stay); };
  });
}

void add_drain(CLI::App& bench, CommandLine& line) {
  CLI::App* command = bench.add_subcommand("drain", "How fast a backlog goes to Kafka");
  command->add_option("--events", line.drain.rows, "Rows of the backlog")
      ->check(CLI::Range(1'000, 100'000'000))
      ->capture_default_str();
  command->add_option("--runs", line.drain.runs)->check(CLI::Range(1, 100))->capture_default_str();
  command->add_option("--delivery", line.drain.delivery)
      ->check(CLI::IsMember({"exactly_once", "at_least_once"}))
      ->capture_default_str();
  command->add_option("--payload", line.drain.payload, "Type of the payload column")
      ->check(CLI::IsMember({"text", "jsonb"}))
      ->capture_default_str();
  command->callback(
      [&line] { line.chosen = [&line](const Stay&) { return run_drain(line.drain); }; });
}

void add_latency(CLI::App& bench, CommandLine& line) {
  CLI::App* command = bench.add_subcommand(
      "latency", "From COMMIT returning to the consumer; what an idle relay costs");
  command->add_option("--rate", line.latency.per_second, "Transactions per second")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--seconds", line.latency.seconds)
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->add_option("--delivery", line.latency.delivery)
      ->check(CLI::IsMember({"exactly_once", "at_least_once", "both"}))
      ->capture_default_str();
  command->callback(
      [&line] { line.chosen = [&line](const Stay&) { return run_latency(line.latency); }; });
}

void add_huge(CLI::App& bench, CommandLine& line) {
  CLI::App* command = bench.add_subcommand(
      "huge", "One transaction of very many rows, and a kill -9 half way through it");
  command->add_option("--events", line.huge.rows, "Rows of the transaction")
      ->check(CLI::Range(1'000, 100'000'000))
      ->capture_default_str();
  command->callback(
      [&line] { line.chosen = [&line](const Stay&) { return run_huge(line.huge); }; });
}

void add_outage(CLI::App& bench, CommandLine& line) {
  CLI::App* command = bench.add_subcommand(
      "outage", "How fast the order service answers with a broker, and without one");
  command->add_option("--rate", line.outage.per_second, "Orders per second")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--seconds", line.outage.seconds, "With the broker, and as long without it")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->callback(
      [&line] { line.chosen = [&line](const Stay&) { return run_outage(line.outage); }; });
}

int guarded(const CommandLine& line, const Stay& stay) {
  end_in_order_on_signals();
  try {
    require_tools();
    return line.chosen(stay);
  } catch (const std::exception& error) {
    wait_if_ending();
    fmt::print(stderr, "outrider_lab: {}\n", error.what());
    return 1;
  }
}

int run(int count, char** words) {
  CommandLine line;
  CLI::App app("Outrider's lab: demo and benchmarks on real servers", "outrider_lab");
  app.require_subcommand(1);
  add_demo(app, line);
  CLI::App* bench = app.add_subcommand("bench", "Figures of the relay on this machine");
  bench->require_subcommand(1);
  add_drain(*bench, line);
  add_latency(*bench, line);
  add_huge(*bench, line);
  add_outage(*bench, line);
  CLI11_PARSE(app, count, words);
  if (!line.demo.keep) return guarded(line, [](int) {});
  return run_and_stay([&](const Stay& stay) { return guarded(line, stay); });
}

}  // namespace
}  // namespace outrider::testing

int main(int count, char** words) {
  try {
    return outrider::testing::run(count, words);
  } catch (const std::exception& error) {
    fmt::print(stderr, "outrider_lab: {}\n", error.what());
    return 1;
  }
}
