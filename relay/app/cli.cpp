#include "relay/app/cli.h"

#include "config/report.h"
#include "relay/app/check_command.h"
#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"
#include "relay/app/run_command.h"
#include "relay/app/setup_command.h"
#include "relay/app/version_command.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace outrider::app {
namespace {

using postgres::PayloadType;

const std::map<std::string, PayloadType> kPayloadTypes = {{"jsonb", PayloadType::Jsonb},
                                                          {"json", PayloadType::Json},
                                                          {"text", PayloadType::Text},
                                                          {"bytea", PayloadType::Bytea}};

// What the arguments were read into; lives while they are parsed and the command runs.
struct CommandLine {
  std::string config;
  SetupArguments setup;
  std::string payload = "jsonb";
  VersionFormat version = VersionFormat::Text;
  std::function<int()> chosen = {};
};

int run_from(const std::string& path) {
  config::Report report(path);
  const std::optional<Config> config = load_config(report);
  if (!config) {
    fmt::print(stderr, "{}", report.text());
    return kExitConfiguration;
  }
  return run_command(*config);
}

void add_config(CLI::App& command, CommandLine& line) {
  command
      .add_option("-c,--config", line.config,
                  "Configuration file; otherwise $OUTRIDER_CONFIG, ./outrider.yaml or "
                  "/etc/outrider/outrider.yaml")
      ->type_name("FILE");
}

void add_run(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("run", "Relay events until SIGTERM or SIGINT");
  add_config(*command, line);
  command->footer("Example:\n  outrider run -c /etc/outrider/outrider.yaml");
  command->callback(
      [&line] { line.chosen = [&line] { return run_from(config_path(line.config)); }; });
}

void add_check(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("check", "Look for mistakes in the configuration file");
  add_config(*command, line);
  command->footer("Example:\n  outrider check -c outrider.yaml && systemctl restart outrider");
  command->callback(
      [&line] { line.chosen = [&line] { return check_command(config_path(line.config)); }; });
}

void add_setup(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand(
      "setup", "Install outbox table, function, publication, slot and grants; safe to repeat");
  SetupArguments& arguments = line.setup;
  add_config(*command, line);
  command->add_option("--pipeline", arguments.pipeline, "Which pipeline, if the file has several")
      ->type_name("NAME");
  CLI::Option* print = command->add_flag("--print-sql", arguments.print_sql,
                                         "Print the SQL for psql instead, without connecting");
  CLI::Option* dsn =
      command
          ->add_option("--dsn", arguments.owner_dsn,
                       "Connection string of the database's owner, with CREATE and REPLICATION")
          ->type_name("OWNER_DSN");
  dsn->excludes(print);
  command
      ->add_option("--role", arguments.role,
                   "The relay's role; otherwise the user of the pipeline's dsn")
      ->type_name("ROLE");
  command
      ->add_option("--payload", line.payload,
                   "Type of the payload column of a new table: jsonb, json, text or bytea")
      ->check(CLI::IsMember(&kPayloadTypes))
      ->type_name("TYPE");
  command->footer(
      "Examples:\n"
      "  outrider setup -c outrider.yaml --dsn \"host=db dbname=orders user=owner\" --role relay\n"
      "  outrider setup -c outrider.yaml --role relay --print-sql | psql -d orders");
  command->callback([&line, print, dsn] {
    if (print->count() == 0 && dsn->count() == 0) {
      throw CLI::ValidationError("setup", "needs --dsn, or --print-sql");
    }
    line.chosen = [&line] {
      line.setup.config = config_path(line.config);
      line.setup.payload = kPayloadTypes.at(line.payload);
      return setup_command(line.setup);
    };
  });
}

void add_version(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->add_flag_callback(
      "--json", [&line] { line.version = VersionFormat::Json; }, "As one JSON object");
  command->footer("Example:\n  outrider version --json");
  command->callback([&line] { line.chosen = [&line] { return version_command(line.version); }; });
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Outrider relays transactional outboxes from Postgres to Kafka.", "outrider");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok, 64 usage, 69 unavailable, 70 internal, 77 permission, "
      "78 configuration.\n"
      "Example:\n  outrider run -c outrider.yaml");
  add_run(app, line);
  add_check(app, line);
  add_setup(app, line);
  add_version(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Success is how the parser says that --help was printed.
    const int code = app.exit(error);
    return code == static_cast<int>(CLI::ExitCodes::Success) ? kExitOk : kExitUsage;
  }
  return line.chosen();
}

}  // namespace outrider::app
