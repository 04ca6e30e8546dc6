#include "relay/app/config_command.h"

#include "relay/app/config_file.h"
#include "relay/app/effective_page.h"
#include "relay/app/example_text.h"
#include "relay/app/exit_code.h"
#include "relay/app/reference_page.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <optional>

namespace outrider::app {
namespace {

struct PrintArguments {
  std::string config = {};
  bool as_json = false;
};

int print_effective(const PrintArguments& arguments) {
  config::Report report(config_path(arguments.config));
  const std::optional<Config> config = load_config(report);
  if (!config) {
    fmt::print(stderr, "{}", report.text());
    return kExitConfiguration;
  }
  const std::vector<config::EffectiveValue> values = effective_config(*config);
  fmt::print("{}",
             arguments.as_json ? effective_json(values, report) : effective_yaml(values, report));
  return kExitOk;
}

void add_print(CLI::App& config, Chosen& chosen) {
  CLI::App* command = config.add_subcommand(
      "print", "Print every key as it counts and where its value comes from; no secrets");
  auto& arguments = chosen.keep<PrintArguments>();
  add_config_option(*command, arguments.config);
  command
      ->add_option_function<std::string>(
          "--format", [&](const std::string& name) { arguments.as_json = name == "json"; },
          "yaml with the origins as comments (the default), or json by the path of each key")
      ->check(CLI::IsMember({"yaml", "json"}))
      ->type_name("FORMAT");
  command->footer(
      "Example:\n  outrider config print -c outrider.yaml --format json |\n"
      "    jq '.[\"pipelines.orders.source.postgres.slot\"]'");
  command->callback([&] { chosen.set([&] { return print_effective(arguments); }); });
}

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
  add_print(*command, chosen);
  add_reference(*command, chosen);
  add_example(*command, chosen);
}

}  // namespace outrider::app
