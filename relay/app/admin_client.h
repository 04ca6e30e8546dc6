// Asks a running relay over HTTP; used by `outrider status` and `outrider healthcheck`.
#pragma once

#include "relay/app/command_line.h"
#include "relay/app/pipeline_config.h"
#include "relay/base/error.h"

#include <expected>
#include <string>
#include <string_view>

namespace outrider::app {

/// Which relay is asked: the one at `url`; if that is empty, the one of the configuration file. And
/// as which of its users: none if `user` is empty.
struct RelayWanted {
  std::string config = {};
  std::string url = {};
  std::string user = {};
  std::string password_file = {};
};

/// `-c FILE` or `--url URL`, not both; `--user NAME` and `--password-file FILE`, both or neither.
void add_relay_options(CLI::App& command, RelayWanted& wanted);

/// The same once it was found.
struct RelayFound {
  std::string url = {};  // Without a path.
  std::string user = {};
  std::string password = {};
};

/// Prints what hinders and gives the exit code.
std::expected<RelayFound, int> find_relay(std::string_view command, const RelayWanted& wanted);

/// Where a relay with this configuration answers programs of the same machine. Misconfigured if it
/// does not answer at all, or on any port.
Result<std::string> relay_url(const HttpConfig& config);

struct RelayAnswer {
  int status = 0;
  std::string body;
};

/// One GET of a path; waits a few seconds at most. Unavailable if nobody answers, Denied if the
/// relay wants a user, or another one.
Result<RelayAnswer> ask_relay(const RelayFound& relay, const std::string& path);

}  // namespace outrider::app
