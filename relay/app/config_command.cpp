#include "relay/app/config_command.h"

#include "relay/app/example_text.h"
#include "relay/app/exit_code.h"
#include "relay/app/reference_page.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace outrider::app {
namespace {

int print_reference() {
  fmt::print("{}", reference_page(config::describe_fields<Config>()));
  return kExitOk;
}

void add_reference(CLI::App& config, Chosen& chosen) {
  CLI::App* command = config.add_subcommand("reference", "Print every key there is, as Markdown");
  command->footer("Example:\n  outrider config reference > REFERENCE.md");
  command->callback([&] { chosen.set(print_reference); });
}

int print_example() {
  fmt::print("{}", kExampleText);
  return kExitOk;
}

void add_example(CLI::App& config, Chosen& chosen) {
  CLI::App* command =
      config.add_subcommand("example", "Print a file with every key, its default and a comment");
  command->footer("Example:\n  outrider config example > outrider.yaml");
  command->callback([&] { chosen.set(print_example); });
}

}  // namespace

void add_config(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("config", "Explain the configuration file");
  command->require_subcommand(1);
  command->footer("Example:\n  outrider config reference | less");
  add_reference(*command, chosen);
  add_example(*command, chosen);
}

}  // namespace outrider::app
