#include "relay/app/cli.h"

#include "relay/app/check_command.h"
#include "relay/app/checkpoint_command.h"
#include "relay/app/command_line.h"
#include "relay/app/config_command.h"
#include "relay/app/emit_command.h"
#include "relay/app/exit_code.h"
#include "relay/app/healthcheck_command.h"
#include "relay/app/run_command.h"
#include "relay/app/setup_command.h"
#include "relay/app/skip_command.h"
#include "relay/app/status_command.h"
#include "relay/app/tail_command.h"
#include "relay/app/teardown_command.h"
#include "relay/app/version_command.h"

#include <CLI/CLI.hpp>

#include <string>

namespace outrider::app {

int run_command_line(int argc, const char* const* argv) {
  Chosen chosen;
  CLI::App app("Outrider relays transactional outboxes from Postgres to Kafka.", "outrider");
  app.require_subcommand(1);
  app.footer(std::string("Exit codes: ") + kExitCodes +
             ".\nExample:\n  outrider run -c outrider.yaml");
  add_run(app, chosen);
  add_check(app, chosen);
  add_config(app, chosen);
  add_setup(app, chosen);
  add_emit(app, chosen);
  add_tail(app, chosen);
  add_status(app, chosen);
  add_healthcheck(app, chosen);
  add_checkpoint(app, chosen);
  add_skip(app, chosen);
  add_teardown(app, chosen);
  add_version(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Success is how the parser says that --help was printed.
    const int code = app.exit(error);
    return code == static_cast<int>(CLI::ExitCodes::Success) ? kExitOk : kExitUsage;
  }
  return chosen.run();
}

}  // namespace outrider::app
