#include "tests/lab/ending.h"

#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <thread>

namespace outrider::testing {
namespace {

constexpr int kSignalExitBase = 128;
constexpr int kEndSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> ending = false;
std::atomic<pid_t> attended = 0;

/// So that whoever ends the caller waits until all is removed.
void pass_end_signals_on(pid_t worker) {
  attended = worker;
  for (const int number : kEndSignals) {
    struct sigaction action{};
    action.sa_handler = [](int given) { kill(attended, given); };
    sigaction(number, &action, nullptr);
  }
}

/// The code is handed over; nobody who waits for this output or terminal waits any longer.
void stay_behind(int code_pipe, int code) {
  prctl(PR_SET_PDEATHSIG, 0);
  setsid();
  const auto byte = static_cast<unsigned char>(code);
  [[maybe_unused]] const auto written = write(code_pipe, &byte, 1);
  close(code_pipe);
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, stream);
  while (true) pause();
}

}  // namespace

void end_in_order_on_signals() {
  static sigset_t signals;
  sigemptyset(&signals);
  for (const int number : kEndSignals) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([] {
    int number = 0;
    sigwait(&signals, &number);
    ending = true;
    std::fputs("\ninterrupted: ending the servers\n", stderr);
    Process::end_all();
    TemporaryFolder::remove_all();
    _exit(kSignalExitBase + number);
  }).detach();
}

void wait_if_ending() {
  while (ending) pause();
}

int run_and_stay(const std::function<int(const std::function<void(int)>&)>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t worker = fork();
  if (worker < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (worker == 0) {
    close(ends[0]);
    // Which it answers in order, as Ctrl-C.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return work([&](int code) { stay_behind(ends[1], code); });
  }
  close(ends[1]);
  pass_end_signals_on(worker);
  unsigned char code = 0;
  ssize_t got = 0;
  while ((got = read(ends[0], &code, 1)) < 0 && errno == EINTR) {
  }
  if (got == 1) return code;
  int status = 0;
  while (waitpid(worker, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalExitBase + WTERMSIG(status);
}

}  // namespace outrider::testing
