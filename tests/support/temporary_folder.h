// A folder that is gone when its owner is, even if that was killed. Used by tests and lab.
#pragma once

#include <filesystem>
#include <string>

namespace outrider::testing {

/// Made under $TMPDIR or /tmp, passable for other users (Postgres does not run as root). A small
/// janitor process removes it if this process ends without its destructor.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Removes every folder that is there now, on whatever thread; for a signal that ends this
  /// process.
  static void remove_all();

 private:
  std::filesystem::path path_;
  int janitor_pipe_ = -1;  // The janitor acts when its end of the pipe closes.
  int janitor_pid_ = -1;
};

}  // namespace outrider::testing
