#include "relay/app/healthcheck_command.h"

#include "relay/app/admin_client.h"
#include "relay/app/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace outrider::app {
namespace {

constexpr std::string_view kName = "healthcheck";
constexpr int kHttpOk = 200;

struct HealthArguments {
  RelayWanted relay = {};
  std::string path = "/livez";
};

int healthcheck(const HealthArguments& arguments) {
  const std::expected<RelayFound, int> relay = find_relay(kName, arguments.relay);
  if (!relay) return relay.error();
  const Result<RelayAnswer> answer = ask_relay(*relay, arguments.path);
  if (!answer) return print_error(kName, answer.error());
  if (answer->status == kHttpOk) return kExitOk;
  fmt::print(stderr, "{}", answer->body);
  return kExitUnavailable;
}

}  // namespace

void add_healthcheck(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("healthcheck", "Ask a running relay whether it lives; silent if it does");
  auto& arguments = chosen.keep<HealthArguments>();
  add_relay_options(*command, arguments.relay);
  command->add_flag_callback(
      "--ready", [&] { arguments.path = "/readyz?verbose"; },
      "Ask whether every pipeline streams or stands by. Not to decide on a restart: that would not "
      "mend a server that is away");
  command->footer(
      "Exit codes: 0 healthy, 69 not, 77 the relay asks for a user, or refuses the one given.\n"
      "Example:\n  outrider healthcheck -c /etc/outrider/outrider.yaml");
  command->callback([&] { chosen.set([&] { return healthcheck(arguments); }); });
}

}  // namespace outrider::app
