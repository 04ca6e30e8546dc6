#include "tests/lab/required_tools.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>

namespace outrider::testing {
namespace {

struct Tool {
  const char* program;
  const char* package;
};

constexpr std::array kTools{Tool{"/usr/lib/postgresql/15/bin/postgres", "postgresql-15"},
                            Tool{"/usr/lib/postgresql/15/bin/pg_recvlogical", "postgresql-15"},
                            Tool{"java", "default-jre-headless"}, Tool{"kcat", "kcat"}};

bool is_executable(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

bool is_there(const std::string& program) {
  if (program.starts_with('/')) return is_executable(program);
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (is_executable(folder + "/" + program)) return true;
  }
  return false;
}

}  // namespace

void require_tools() {
  std::string missing;
  for (const Tool& tool : kTools) {
    if (is_there(tool.program)) continue;
    missing += std::string("\n  ") + tool.program + " (Debian package " + tool.package + ")";
  }
  if (missing.empty()) return;
  throw std::runtime_error("these programs are missing:" + missing +
                           "\n`./dev setup` installs them");
}

}  // namespace outrider::testing
