#include "tests/support/temporary_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace outrider::testing {
namespace {

// Runs in a session of its own, so that neither Ctrl-C nor the end of a terminal stops it.
constexpr const char* kJanitor =
    "trap '' INT TERM HUP; read -r line; [ \"$line\" = keep ] && exit 0; "
    "rm -rf -- \"$0\"; for i in 1 2 3 4 5; do [ -e \"$0\" ] || exit 0; sleep 0.5; rm -rf -- "
    "\"$0\"; "
    "done";

}  // namespace

TemporaryFolder::TemporaryFolder() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base == nullptr ? "/tmp" : base) + "/outrider-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "make a folder " + name);
  }
  path_ = name;
  std::filesystem::permissions(path_, std::filesystem::perms{0755});
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  janitor_pid_ = fork();
  if (janitor_pid_ == 0) {
    setsid();
    dup2(ends[0], STDIN_FILENO);
    execl("/bin/sh", "sh", "-c", kJanitor, path_.c_str(), nullptr);
    _exit(127);
  }
  close(ends[0]);
  janitor_pipe_ = ends[1];
}

TemporaryFolder::~TemporaryFolder() {
  close(janitor_pipe_);
  if (janitor_pid_ > 0) waitpid(janitor_pid_, nullptr, 0);
}

void TemporaryFolder::keep() {
  constexpr std::string_view kKeep = "keep\n";
  [[maybe_unused]] const auto written = write(janitor_pipe_, kKeep.data(), kKeep.size());
}

}  // namespace outrider::testing
