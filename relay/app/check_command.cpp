#include "relay/app/check_command.h"

#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>

namespace outrider::app {
namespace {

int check(const std::string& path) {
  const std::optional<Config> config = read_config(path);
  if (!config) return kExitConfiguration;
  const std::size_t count = config->pipelines.size();
  fmt::print("{}: ok, {} pipeline{}\n", path, count, count == 1 ? "" : "s");
  return kExitOk;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("check", "Look for mistakes in the configuration file");
  auto& path = chosen.keep<std::string>();
  add_config_option(*command, path);
  command->footer("Example:\n  outrider check -c outrider.yaml && systemctl restart outrider");
  command->callback([&] { chosen.set([&] { return check(config_path(path)); }); });
}

}  // namespace outrider::app
