#include "relay/app/command_line.h"

#include "config/report.h"
#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"
#include "relay/app/web_config.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace outrider::app {

void add_config_option(CLI::App& command, std::string& path) {
  command
      .add_option("-c,--config", path,
                  "Configuration file; otherwise $OUTRIDER_CONFIG, ./outrider.yaml or "
                  "/etc/outrider/outrider.yaml")
      ->type_name("FILE");
}

void add_pipeline_option(CLI::App& command, std::string& name) {
  command.add_option("--pipeline", name, "Which pipeline, if the file has several")
      ->type_name("NAME");
}

void add_format_option(CLI::App& command, OutputFormat& format) {
  command
      .add_option_function<std::string>(
          "--format",
          [&format](const std::string& name) {
            format = name == "json" ? OutputFormat::Json : OutputFormat::Text;
          },
          "text for people (the default), json for scripts")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
}

std::optional<Config> read_config(const std::string& path) {
  config::Report report(path);
  std::optional<Config> config = load_config(report);
  fmt::print(stderr, "{}", report.text());
  if (!config || config->http.web_config_file.empty()) return config;
  config::Report web_report(config->http.web_config_file);
  if (load_web_config(web_report)) return config;
  fmt::print(stderr, "{}", web_report.text());
  return std::nullopt;
}

Result<const PipelineConfig*> choose_pipeline(const Config& config, const std::string& name) {
  std::string known;
  for (const auto& [each, pipeline] : config.pipelines) known += (known.empty() ? "" : ", ") + each;
  if (name.empty() && config.pipelines.size() == 1) return &config.pipelines.begin()->second;
  const auto found = config.pipelines.find(name);
  if (found != config.pipelines.end()) return &found->second;
  return failure(ErrorKind::Misconfigured,
                 name.empty() ? "the file has several pipelines"
                              : fmt::format("there is no pipeline \"{}\"", name),
                 "--pipeline is one of: " + known);
}

int print_error(std::string_view command, const Error& error) {
  fmt::print(stderr, "outrider {}: {}\n", command, error.what);
  if (!error.hint.empty()) fmt::print(stderr, "  remedy: {}\n", error.hint);
  return exit_code(error.kind);
}

}  // namespace outrider::app
