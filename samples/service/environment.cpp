#include "samples/service/environment.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace service {
namespace {

// Of sysexits.h: EX_USAGE and EX_CONFIG.
constexpr int kUsage = 64;
constexpr int kMisconfigured = 78;

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

void print_help(const Program& program) {
  std::printf("%s\n\nConfigured by environment variables:\n", program.summary.c_str());
  for (const Variable& variable : program.variables) {
    const std::string rule =
        variable.fallback.empty() ? "required" : "default " + variable.fallback;
    std::printf("  %-24s %s; %s\n", variable.name.c_str(), variable.meaning.c_str(), rule.c_str());
  }
  std::printf("\nExample:\n  %s=postgresql://postgres@localhost/%s_db %s\n",
              program.variables.front().name.c_str(),
              program.name.substr(0, program.name.find('_')).c_str(), program.name.c_str());
}

}  // namespace

int run(int argument_count, char** arguments, const Program& program,
        const std::function<outrider::Result<void>(const std::vector<std::string>&)>& serve) {
  if (argument_count > 1) {
    const std::string_view argument = arguments[1];
    const bool is_help = argument == "--help" || argument == "-h";
    if (is_help) {
      print_help(program);
    } else {
      log("unknown argument \"" + std::string(argument) + "\"; try --help");
    }
    return is_help ? 0 : kUsage;
  }
  std::vector<std::string> values;
  bool is_complete = true;
  for (const Variable& variable : program.variables) {
    const char* const set = std::getenv(variable.name.c_str());
    values.emplace_back(set == nullptr ? variable.fallback : set);
    if (!values.back().empty()) continue;
    log(variable.name + " is not set: " + variable.meaning);
    is_complete = false;
  }
  if (!is_complete) return kMisconfigured;
  // Before the first thread, so that all threads leave the signals to serve_until_signal().
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const outrider::Result<void> served = serve(values);
  if (served) return 0;
  log(program.name + ": " + served.error().what);
  return served.error().kind == outrider::ErrorKind::Misconfigured ? kMisconfigured : 1;
}

outrider::Result<void> serve_until_signal(HttpService& http, const std::string& address) {
  OUTRIDER_TRY(const int port, http.listen(address));
  log("listening on port " + std::to_string(port));
  const sigset_t signals = ending_signals();
  int received = 0;
  sigwait(&signals, &received);
  log("stopping");
  return {};
}

void log(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

}  // namespace service
