// What the commands of the command line have in common; used by cli.cpp and <name>_command.cpp.
// A command offers `void add_<name>(CLI::App&, Chosen&)` and is added in cli.cpp.
#pragma once

#include "config/report.h"
#include "relay/app/pipeline_config.h"
#include "relay/base/error.h"

#include <any>
#include <deque>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outrider::app {

/// Which command the line names, and the arguments of all of them.
class Chosen {
 public:
  /// Arguments to be filled while the line is parsed. They live as long as this.
  template <typename Arguments>
  Arguments& keep(Arguments arguments = {}) {
    return std::any_cast<Arguments&>(kept_.emplace_back(std::move(arguments)));
  }

  /// Called when the line was parsed and names this command; returns the exit code.
  void set(std::function<int()> command) { command_ = std::move(command); }
  int run() const { return command_(); }

 private:
  std::deque<std::any> kept_;
  std::function<int()> command_;
};

/// For people, or one JSON document for scripts.
enum class OutputFormat { Text, Json };

/// For the help of commands with an owner's dsn.
inline constexpr const char* kOwnerPasswordAdvice =
    "Other users see command lines: leave the password of --dsn to PGPASSWORD, PGPASSFILE or "
    "~/.pgpass.\n";

/// `-c FILE`. The command asks config_path() which file that is.
void add_config_option(CLI::App& command, std::string& path);
/// `--format text|json`.
void add_format_option(CLI::App& command, OutputFormat& format);

/// The configuration, unless there is a problem; the reports of its file and of the web
/// configuration that it names.
struct ReadConfig {
  std::optional<Config> config;
  std::vector<config::Report> reports;
};
ReadConfig read_config_files(const std::string& path);

/// Reads the file; prints all problems on stderr and returns none if there are any. The command
/// then ends with kExitConfiguration.
std::optional<Config> read_config(const std::string& path);

/// Prints the error and its remedy on stderr; returns the exit code of its kind.
int print_error(std::string_view command, const Error& error);

/// Which pipeline of which file a command is about.
struct PipelineWanted {
  std::string config = {};
  std::string name = {};  // Empty: the only one there is.
};

/// `-c FILE` and `--pipeline NAME`.
void add_pipeline_options(CLI::App& command, PipelineWanted& wanted);

/// The pipeline of that name; with an empty name the only one. An error is one of usage.
Result<PipelineConfig> choose_pipeline(const Config& config, const std::string& name);
/// The one that is wanted. Prints what hinders and gives the exit code.
std::expected<PipelineConfig, int> find_pipeline(std::string_view command,
                                                 const PipelineWanted& wanted);

/// Runs `act` on the pipeline that is wanted. Prints what hinders or fails; returns the exit code.
int with_pipeline(std::string_view command, const PipelineWanted& wanted,
                  const std::function<Result<void>(const PipelineConfig&)>& act);

}  // namespace outrider::app
