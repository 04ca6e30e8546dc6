// A real PgBouncer in front of a database; used by tests.
#pragma once

#include "tests/support/process.h"

#include <filesystem>
#include <optional>
#include <string>

namespace outrider::testing {

/// On a free port of 127.0.0.1, for every database of the Postgres on `port`. Lets everybody in, as
/// the role `relay`. Errors are exceptions.
class Pooler {
 public:
  struct Options {
    std::filesystem::path folder;  ///< For its configuration and log; must not exist.
    int postgres_port = 0;
    std::string ignored_parameters = {};  ///< Of what clients send when they connect.
  };
  explicit Pooler(const Options& options);
  int port() const { return port_; }

 private:
  int port_;
  std::optional<Process> process_;
};

}  // namespace outrider::testing
