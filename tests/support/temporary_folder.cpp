#include "tests/support/temporary_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <system_error>

namespace outrider::testing {
namespace {

// Runs in a session of its own, so that neither Ctrl-C nor the end of a terminal stops it.
constexpr const char* kJanitor =
    "trap '' INT TERM HUP; read -r line; rm -rf -- \"$0\"; "
    "for i in 1 2 3 4 5; do [ -e \"$0\" ] || exit 0; sleep 0.5; rm -rf -- \"$0\"; done";

struct Present {
  std::mutex mutex;
  std::set<const TemporaryFolder*> folders;
};

Present& present() {
  static Present all;
  return all;
}

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
    // Whoever reads this program's output is not to wait for the janitor.
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execl("/bin/sh", "sh", "-c", kJanitor, path_.c_str(), nullptr);
    _exit(127);
  }
  close(ends[0]);
  janitor_pipe_ = ends[1];
  const std::scoped_lock lock(present().mutex);
  present().folders.insert(this);
}

TemporaryFolder::~TemporaryFolder() {
  {
    const std::scoped_lock lock(present().mutex);
    present().folders.erase(this);
  }
  close(janitor_pipe_);
  if (janitor_pid_ > 0) waitpid(janitor_pid_, nullptr, 0);
}

void TemporaryFolder::remove_all() {
  const std::scoped_lock lock(present().mutex);
  for (const TemporaryFolder* folder : present().folders) {
    close(folder->janitor_pipe_);
    waitpid(folder->janitor_pid_, nullptr, 0);
  }
}

}  // namespace outrider::testing
