#include "relay/app/version_command.h"

#include "relay/app/build_info.h"
#include "relay/app/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace outrider::app {
namespace {

int version(OutputFormat format) {
  const BuildInfo& info = build_info();
  if (format == OutputFormat::Json) {
    const nlohmann::ordered_json object = {{"version", info.version},
                                           {"compiler", info.compiler},
                                           {"libpq", info.libpq},
                                           {"librdkafka", info.librdkafka}};
    fmt::print("{}\n", object.dump());
  } else {
    fmt::print("outrider {} ({}, libpq {}, librdkafka {})\n", info.version, info.compiler,
               info.libpq, info.librdkafka);
  }
  return kExitOk;
}

}  // namespace

void add_version(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  auto& format = chosen.keep<OutputFormat>();
  add_format_option(*command, format);
  command->footer("Example:\n  outrider version --format json");
  command->callback([&] { chosen.set([&] { return version(format); }); });
}

}  // namespace outrider::app
