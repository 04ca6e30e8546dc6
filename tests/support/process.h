// Child processes: started, signalled, measured, and ended with their owner. Used by tests and lab.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outrider::testing {

struct ProcessFigures {
  double cpu_seconds = 0;
  std::size_t rss_bytes = 0;
  std::size_t peak_rss_bytes = 0;
};

/// One child in a process group of its own. It dies with this process, however that ends
/// (PR_SET_PDEATHSIG), so start it from a thread that lives as long. The destructor ends it and
/// waits. Errors are exceptions.
class Process {
 public:
  struct Options {
    std::vector<std::string> command;
    std::filesystem::path log = {};  ///< Takes stdout and stderr; appended to.
    std::string user = {};           ///< To run as, if this process is root.
    std::filesystem::path folder = {};
    /// What ends it when its owner goes: Postgres cleans up only if it is asked to end.
    int end_signal = SIGKILL;
  };

  explicit Process(const Options& options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool is_running();
  void signal(int number) const;
  /// The exit code, or minus the signal; no value if it still runs after `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);
  ProcessFigures figures() const;

  /// Ends every child that now lives, on whatever thread; for a signal that ends this process.
  static void end_all();

 private:
  void forget();

  pid_t pid_ = -1;
  int end_signal_ = 0;
  std::optional<int> ended_;
};

/// Runs a command to its end and gives its stdout. Throws with its stderr if it fails.
std::string run(const std::vector<std::string>& command, const std::string& user = {});

/// Where `./dev setup` keeps what it fetched.
std::filesystem::path cache_folder();

/// A TCP port of 127.0.0.1 that was free a moment ago.
int free_port();

/// True as soon as `condition` holds; asks every 20 ms, no longer than `patience`.
bool eventually(std::chrono::milliseconds patience, const std::function<bool()>& condition);

}  // namespace outrider::testing
