#include "relay/app/run_command.h"

#include "relay/app/clock.h"
#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"
#include "relay/app/log.h"
#include "relay/app/relay.h"
#include "relay/app/service_manager.h"
#include "relay/app/stop_signals.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <vector>

namespace outrider::app {
namespace {

// So that counted repeats of log lines are shown in time.
constexpr int kTickMilliseconds = 1000;

Log::Options log_options(const LogConfig& config) {
  const bool as_json = config.format == LogFormat::Json ||
                       (config.format == LogFormat::Auto && isatty(STDERR_FILENO) == 0);
  Log::Options options{.format = as_json ? LineFormat::Json : LineFormat::Text};
  switch (config.level) {
    case LogLevel::Trace:
    case LogLevel::Debug:
      options.least = Notice::Severity::Debug;
      break;
    case LogLevel::Info:
      options.least = Notice::Severity::Info;
      break;
    case LogLevel::Warn:
      options.least = Notice::Severity::Warning;
      break;
    case LogLevel::Error:
      options.least = Notice::Severity::Error;
      break;
  }
  return options;
}

void wait_for_news(const StopSignals& signals, const Relay& relay) {
  std::vector<pollfd> entries{{.fd = signals.descriptor(), .events = POLLIN, .revents = 0}};
  for (const int descriptor : relay.stop_descriptors()) {
    entries.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  }
  // Whatever woke it, the loop looks at everything.
  poll(entries.data(), entries.size(), kTickMilliseconds);
}

/// Ends without destroying anything: a sink's client may wait for its servers for minutes.
[[noreturn]] void cut_short(Log& log, const std::string& why) {
  log.error(why + ": ending now; what is in flight is delivered after the next start", {});
  _exit(kExitCutShort);
}

void run_until_stopped(const Config& config, StopSignals& signals, Relay& relay, Log& log) {
  ServiceManager service_manager(log);
  service_manager.ready();
  std::optional<TimePoint> deadline;
  while (!relay.stopped()) {
    wait_for_news(signals, relay);
    const TimePoint now = clock_now().steady;
    log.tick(now);
    service_manager.tick(relay.snapshots(), now);
    if (const std::optional<int> signal = signals.take()) {
      if (deadline) cut_short(log, "a second signal came while draining");
      log.info(fmt::format("{}: draining for at most {} ms",
                           *signal == SIGTERM ? "SIGTERM" : "SIGINT",
                           config.shutdown.drain_timeout.count()));
      service_manager.stopping();
      deadline = now + config.shutdown.drain_timeout;
      relay.stop();
    }
    if (deadline && now >= *deadline && !relay.stopped()) {
      cut_short(log, "the drain time-out is over");
    }
  }
}

// Returns an exit code if it cannot start, else after the drain.
int run(const std::string& path) {
  const std::optional<Config> config = read_config(path);
  if (!config) return kExitConfiguration;
  StopSignals signals;
  Log log(log_options(config->log));
  Result<std::unique_ptr<Relay>> relay = Relay::create(*config, log);
  if (!relay) {
    log.error("cannot start: " + relay.error().what, relay.error().hint);
    return exit_code(relay.error().kind);
  }
  (*relay)->start();
  run_until_stopped(*config, signals, **relay, log);
  log.info("stopped");
  return kExitOk;
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("run", "Relay events until SIGTERM or SIGINT");
  auto& path = chosen.keep<std::string>();
  add_config_option(*command, path);
  command->footer("Example:\n  outrider run -c /etc/outrider/outrider.yaml");
  command->callback([&] { chosen.set([&] { return run(config_path(path)); }); });
}

}  // namespace outrider::app
