// outrider_sim: runs seeds, prints the first that breaks a promise, with its trace.
#include "tests/simulation/world.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace outrider::simulation {
namespace {

struct Request {
  std::uint64_t seed = 1;
  std::uint64_t runs = 1;
  bool trace = false;
  bool progress = false;
  bool brief = false;
};

int print_failure(std::uint64_t seed, const std::string& violation) {
  const Outcome again = World(seed, true).run();
  for (const std::string& line : again.trace) fmt::print("{}\n", line);
  fmt::print("seed {}: {}\n", seed, violation);
  fmt::print("again: outrider_sim --seed {} --trace\n", seed);
  return 1;
}

int simulate(const Request& request) {
  std::uint64_t steps = 0;
  for (std::uint64_t i = 0; i < request.runs; ++i) {
    const std::uint64_t seed = request.seed + i;
    const Outcome outcome = World(seed, request.trace).run();
    steps += outcome.steps;
    if (request.trace) {
      for (const std::string& line : outcome.trace) fmt::print("{}\n", line);
    }
    if (outcome.violation && request.brief) {
      fmt::print("seed {}: {}\n", seed, *outcome.violation);
      return 1;
    }
    if (outcome.violation) return print_failure(seed, *outcome.violation);
    if (request.progress && (i + 1) % 1000 == 0) {
      fmt::print(stderr, "{} of {} runs, {} steps\n", i + 1, request.runs, steps);
    }
  }
  fmt::print("simulation: {} runs, {} steps, 0 violations\n", request.runs, steps);
  return 0;
}

}  // namespace
}  // namespace outrider::simulation

int main(int argc, char** argv) {
  outrider::simulation::Request request;
  CLI::App app(
      "Runs the real pipeline against a simulated Postgres and Kafka, seed by seed.\n"
      "Example: outrider_sim --seed 1 --runs 2000");
  app.add_option("--seed", request.seed, "The first seed")->capture_default_str();
  app.add_option("--runs", request.runs, "How many seeds")->capture_default_str();
  app.add_flag("--trace", request.trace, "Print what happened");
  app.add_flag("--brief", request.brief, "Of a broken promise print one line only");
  app.add_flag("--progress", request.progress, "Say how far it is, on stderr");
  CLI11_PARSE(app, argc, argv);
  return outrider::simulation::simulate(request);
}
