#include "relay/app/status_command.h"

#include "relay/app/admin_client.h"
#include "relay/app/exit_code.h"
#include "relay/app/status_summary.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace outrider::app {
namespace {

constexpr std::string_view kName = "status";

struct StatusArguments {
  RelayWanted relay = {};
  std::string pipeline = {};  // Empty: all.
  OutputFormat format = OutputFormat::Text;
};

int status(const StatusArguments& arguments) {
  const std::expected<RelayFound, int> relay = find_relay(kName, arguments.relay);
  if (!relay) return relay.error();
  const Result<RelayAnswer> answer = ask_relay(*relay, "/status");
  if (!answer) return print_error(kName, answer.error());
  const Result<StatusSummary> summary = summarize_status(answer->body, arguments.pipeline);
  if (!summary) {
    const int code = print_error(kName, summary.error());
    return summary.error().kind == ErrorKind::Misconfigured ? kExitUsage : code;
  }
  fmt::print("{}", arguments.format == OutputFormat::Json ? summary->json : summary->text);
  return summary->exit_code;
}

}  // namespace

void add_status(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("status", "Ask a running relay how its pipelines are");
  auto& arguments = chosen.keep<StatusArguments>();
  add_relay_options(*command, arguments.relay);
  command->add_option("--pipeline", arguments.pipeline, "Only this one")->type_name("NAME");
  add_format_option(*command, arguments.format);
  command->footer(
      "Exit codes: 0 every pipeline streams or stands by; 69 nobody answers, or one starts, "
      "retries or stops; 77 the relay asks for a user, or refuses the one given; 78 one has halted "
      "and must be mended.\n"
      "Example:\n  outrider status -c outrider.yaml --format json | jq .pipelines.orders.lag");
  command->callback([&] { chosen.set([&] { return status(arguments); }); });
}

}  // namespace outrider::app
