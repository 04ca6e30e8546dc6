#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kEndPatience = 5s;

[[noreturn]] void fail(const std::string& act) {
  throw std::system_error(errno, std::generic_category(), act);
}

std::vector<char*> arguments_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

/// In the child: only async-signal-safe calls after this returned its values before fork.
struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  bool change = false;
};

Identity identity_of(const std::string& user) {
  if (user.empty() || geteuid() != 0) return {};
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) throw std::runtime_error("no user \"" + user + "\" on this machine");
  return {.user = entry->pw_uid, .group = entry->pw_gid, .change = true};
}

void become(const Identity& identity) {
  if (!identity.change) return;
  if (setgroups(0, nullptr) != 0 || setgid(identity.group) != 0 || setuid(identity.user) != 0) {
    _exit(126);
  }
}

/// The children that live, with the signals that end them.
struct Living {
  std::mutex mutex;
  std::map<pid_t, int> end_signals;
};

Living& living() {
  static Living all;
  return all;
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

}  // namespace

Process::Process(const Options& options) {
  const std::vector<char*> arguments = arguments_of(options.command);
  const Identity identity = identity_of(options.user);
  const std::string log = options.log.empty() ? "/dev/null" : options.log.string();
  const std::string folder = options.folder.string();
  const pid_t parent = getpid();
  end_signal_ = options.end_signal;
  pid_ = fork();
  if (pid_ < 0) fail("start " + options.command[0]);
  if (pid_ > 0) {
    const std::scoped_lock lock(living().mutex);
    living().end_signals[pid_] = end_signal_;
    return;
  }
  become(identity);
  // So that Ctrl-C reaches this process alone, which then ends its children in order.
  setpgid(0, 0);
  // After the change of user, which would undo it.
  prctl(PR_SET_PDEATHSIG, options.end_signal);
  if (getppid() != parent) _exit(126);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

Process::~Process() {
  if (pid_ <= 0 || ended_) return;
  kill(pid_, end_signal_);
  if (end_signal_ != SIGKILL && !wait(kEndPatience)) kill(pid_, SIGKILL);
  if (!ended_) waitpid(pid_, nullptr, 0);
  forget();
}

void Process::forget() {
  const std::scoped_lock lock(living().mutex);
  living().end_signals.erase(pid_);
}

void Process::end_all() {
  const std::scoped_lock lock(living().mutex);
  for (const auto& [pid, end_signal] : living().end_signals) kill(pid, end_signal);
  for (const auto& [pid, end_signal] : living().end_signals) {
    eventually(kEndPatience, [pid] { return waitpid(pid, nullptr, WNOHANG) != 0; });
  }
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), end_signal_(other.end_signal_), ended_(other.ended_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(end_signal_, other.end_signal_);
  std::swap(ended_, other.ended_);
  return *this;
}

bool Process::is_running() { return !wait(0ms).has_value(); }

void Process::signal(int number) const {
  if (pid_ > 0 && !ended_) kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  eventually(patience, [&] {
    if (ended_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    ended_ = exit_code_of(status);
    forget();
    return true;
  });
  return ended_;
}

ProcessFigures Process::figures() const {
  ProcessFigures figures;
  const std::string folder = "/proc/" + std::to_string(pid_);
  std::ifstream stat(folder + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  std::string word;
  for (int i = 0; i < 11; ++i) fields >> word;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  figures.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream status(folder + "/status");
  for (std::string line; std::getline(status, line);) {
    const auto kilobytes = [&] {
      return std::stoull(line.substr(line.find_first_of("0123456789")));
    };
    if (line.starts_with("VmHWM:")) figures.peak_rss_bytes = kilobytes() * 1024;
    if (line.starts_with("VmRSS:")) figures.rss_bytes = kilobytes() * 1024;
  }
  return figures;
}

std::string run(const std::vector<std::string>& command, const std::string& user) {
  const std::vector<char*> arguments = arguments_of(command);
  const Identity identity = identity_of(user);
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) fail("pipe");
  const pid_t pid = fork();
  if (pid < 0) fail("start " + command[0]);
  if (pid == 0) {
    become(identity);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  std::string texts[2];
  pollfd descriptors[2] = {{.fd = out[0], .events = POLLIN, .revents = 0},
                           {.fd = err[0], .events = POLLIN, .revents = 0}};
  while (descriptors[0].fd >= 0 || descriptors[1].fd >= 0) {
    poll(descriptors, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (descriptors[i].fd < 0 || descriptors[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t got = read(descriptors[i].fd, buffer, sizeof buffer);
      if (got > 0) {
        texts[i].append(buffer, static_cast<std::size_t>(got));
      } else {
        close(descriptors[i].fd);
        descriptors[i].fd = -1;
      }
    }
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (const int code = exit_code_of(status); code != 0) {
    std::string line;
    for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
    throw std::runtime_error(line + ": exit " + std::to_string(code) +
                             (code == 127 ? " (is it installed?)" : "") + ": " + texts[1] +
                             texts[0]);
  }
  return texts[0];
}

std::filesystem::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home == nullptr ? "/root" : home) / ".cache";
  return base / "outrider";
}

int free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("find a free port");
  }
  close(listener);
  return ntohs(address.sin_port);
}

bool eventually(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

}  // namespace outrider::testing
