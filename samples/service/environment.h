// Configuration by environment variables, and the life of a process: start, signal, stop. Used by
// the main functions of the sample services.
#pragma once

#include "relay/base/error.h"
#include "samples/service/http_service.h"

#include <functional>
#include <string>
#include <vector>

namespace service {

/// One environment variable.
struct Variable {
  std::string name;
  std::string meaning;
  std::string fallback;  ///< Empty: it must be set.
};

/// What a program is, for --help and its log.
struct Program {
  std::string name;
  std::string summary;
  std::vector<Variable> variables;
};

/// Gives the values of the variables, in their order, to `serve`, and says on stderr what went
/// wrong. The exit code of the process: 0, 1, or those of sysexits.h for wrong use and wrong
/// configuration. SIGTERM and SIGINT wait from now on for serve_until_signal().
int run(int argument_count, char** arguments, const Program& program,
        const std::function<outrider::Result<void>(const std::vector<std::string>&)>& serve);

/// Listens on "host:port", and returns after SIGTERM or SIGINT.
outrider::Result<void> serve_until_signal(HttpService& http, const std::string& address);

/// One line on stderr. Any thread.
void log(const std::string& line);

}  // namespace service
