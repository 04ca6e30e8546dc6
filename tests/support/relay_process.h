// The relay as users run it: the program, a configuration file, HTTP. Used by tests and lab.
#pragma once

#include "tests/support/process.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace httplib {
class Result;
}

namespace outrider::testing {

/// What /status says of one pipeline.
struct PipelineReport {
  std::string state;
  std::string reason;
  std::string hint;
};

/// One `outrider run`. Errors are exceptions.
class RelayProcess {
 public:
  struct Options {
    std::filesystem::path folder;  ///< For the configuration and the log; must exist.
    std::string name = "relay";
    std::string pipelines;  ///< YAML under `pipelines:`, indented by two.
    std::string log_format = "text";
    std::string web_config_file = {};  ///< Empty: none.
    std::string http_user = {};        ///< As whom HTTP is asked; empty: nobody.
    std::string http_password = {};
  };

  explicit RelayProcess(Options options);

  /// Runs the program with the arguments and this configuration, e.g. {"setup", …}; its output.
  std::string command(const std::vector<std::string>& arguments) const;

  void start();
  /// SIGTERM, and waits; the exit code.
  int stop();
  void kill_hard();
  Process& process() { return *process_; }
  const Process& process() const { return *process_; }
  bool is_running() { return process_ && process_->is_running(); }

  /// The body of an answer with status 200.
  std::optional<std::string> http_get(const std::string& path) const;
  /// That of an answer with whatever status.
  std::optional<std::string> http_body(const std::string& path) const;
  std::optional<PipelineReport> report(const std::string& pipeline) const;
  bool is_live() const { return http_status("/livez") == 200; }
  bool is_ready() const { return http_status("/readyz") == 200; }
  /// The metric of the pipeline summed over its other labels, or those series that have the one
  /// given as `name="value"`; NaN, which equals nothing, if there is none.
  double metric(const std::string& name, const std::string& pipeline,
                const std::string& label = {}) const;
  std::size_t log_lines() const;
  std::string log() const;
  int port() const { return port_; }
  std::filesystem::path configuration() const {
    return options_.folder / (options_.name + ".yaml");
  }

 private:
  httplib::Result ask(const std::string& path) const;
  int http_status(const std::string& path) const;
  std::filesystem::path log_path() const { return options_.folder / (options_.name + ".log"); }

  Options options_;
  int port_;
  std::optional<Process> process_;
};

}  // namespace outrider::testing
