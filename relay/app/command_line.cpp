#include "relay/app/command_line.h"

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

ReadConfig read_config_files(const std::string& path) {
  config::Report report(path);
  ReadConfig read{.config = load_config(report), .reports = {}};
  read.reports.push_back(std::move(report));
  if (!read.config || read.config->http.web_config_file.empty()) return read;
  config::Report web_report(read.config->http.web_config_file);
  if (!load_web_config(web_report)) read.config.reset();
  read.reports.push_back(std::move(web_report));
  return read;
}

std::optional<Config> read_config(const std::string& path) {
  ReadConfig read = read_config_files(path);
  for (const config::Report& report : read.reports) fmt::print(stderr, "{}", report.text());
  return std::move(read.config);
}

int print_error(std::string_view command, const Error& error) {
  fmt::print(stderr, "outrider {}: {}\n", command, error.what);
  if (!error.hint.empty()) fmt::print(stderr, "  remedy: {}\n", error.hint);
  return exit_code(error.kind);
}

void add_pipeline_options(CLI::App& command, PipelineWanted& wanted) {
  add_config_option(command, wanted.config);
  command.add_option("--pipeline", wanted.name, "Which pipeline, if the file has several")
      ->type_name("NAME");
}

Result<PipelineConfig> choose_pipeline(const Config& config, const std::string& name) {
  std::string known;
  for (const auto& [each, pipeline] : config.pipelines) known += (known.empty() ? "" : ", ") + each;
  if (name.empty() && config.pipelines.size() == 1) return config.pipelines.begin()->second;
  const auto found = config.pipelines.find(name);
  if (found != config.pipelines.end()) return found->second;
  return failure(ErrorKind::Misconfigured,
                 name.empty() ? "the file has several pipelines"
                              : fmt::format("there is no pipeline \"{}\"", name),
                 "--pipeline is one of: " + known);
}

std::expected<PipelineConfig, int> find_pipeline(std::string_view command,
                                                 const PipelineWanted& wanted) {
  const std::optional<Config> config = read_config(config_path(wanted.config));
  if (!config) return std::unexpected(kExitConfiguration);
  Result<PipelineConfig> pipeline = choose_pipeline(*config, wanted.name);
  if (pipeline) return std::move(*pipeline);
  print_error(command, pipeline.error());
  return std::unexpected(kExitUsage);
}

int with_pipeline(std::string_view command, const PipelineWanted& wanted,
                  const std::function<Result<void>(const PipelineConfig&)>& act) {
  const std::expected<PipelineConfig, int> pipeline = find_pipeline(command, wanted);
  if (!pipeline) return pipeline.error();
  const Result<void> done = act(*pipeline);
  return done ? kExitOk : print_error(command, done.error());
}

}  // namespace outrider::app
