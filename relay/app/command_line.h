// What the commands of the command line have in common; used by cli.cpp and <name>_command.cpp.
// A command offers `void add_<name>(CLI::App&, Chosen&)` and is added in cli.cpp.
#pragma once

#include "relay/app/pipeline_config.h"
#include "relay/base/error.h"

#include <any>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// `-c FILE`. The command asks config_path() which file that is.
void add_config_option(CLI::App& command, std::string& path);
/// `--pipeline NAME`, for choose_pipeline().
void add_pipeline_option(CLI::App& command, std::string& name);
/// `--format text|json`.
void add_format_option(CLI::App& command, OutputFormat& format);

/// Reads the file; prints all problems on stderr and returns none if there are any. The command
/// then ends with kExitConfiguration.
std::optional<Config> read_config(const std::string& path);

/// The pipeline of that name; with an empty name the only one. Lives as long as `config`. An error
/// is one of usage.
Result<const PipelineConfig*> choose_pipeline(const Config& config, const std::string& name);

/// Prints the error and its remedy on stderr; returns the exit code of its kind.
int print_error(std::string_view command, const Error& error);

}  // namespace outrider::app
