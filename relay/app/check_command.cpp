#include "relay/app/check_command.h"

#include "config/report.h"
#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

namespace outrider::app {

int check_command(const std::string& path) {
  config::Report report(path);
  const std::optional<Config> config = load_config(report);
  if (!config) {
    fmt::print(stderr, "{}", report.text());
    return kExitConfiguration;
  }
  const std::size_t count = config->pipelines.size();
  fmt::print("{}: ok, {} pipeline{}\n", path, count, count == 1 ? "" : "s");
  return kExitOk;
}

}  // namespace outrider::app
