// A real Prometheus that scrapes one relay; used by tests.
#pragma once

#include "tests/support/process.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace outrider::testing {

/// Debian's prometheus on a free port of 127.0.0.1, with a scrape every second. Errors are
/// exceptions.
class PrometheusServer {
 public:
  struct Options {
    std::filesystem::path folder;  ///< For its configuration, data and log; must exist.
    std::string job = "outrider";
    int scraped_port = 0;              ///< Of 127.0.0.1, /metrics.
    std::filesystem::path rules = {};  ///< Rules to evaluate every second.
  };

  /// Starts it and waits until it answers.
  explicit PrometheusServer(const Options& options);

  /// The `result` of an instant query: samples of the form {metric: {…}, value: [time, "text"]}.
  nlohmann::json query(const std::string& expression) const;
  /// The value of the only sample; no value if there is none or several.
  std::optional<double> value(const std::string& expression) const;
  /// `data.groups` of /api/v1/rules.
  nlohmann::json rule_groups() const;

 private:
  nlohmann::json data_of(const std::string& path, const std::string& expression = {}) const;

  int port_;
  std::optional<Process> process_;
};

}  // namespace outrider::testing
