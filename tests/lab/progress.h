// A line on stderr that says how far a run is; used by demo and benchmarks.
#pragma once

#include <chrono>
#include <string>

namespace outrider::testing {

/// On a terminal one line that is written again every second, otherwise a line every five.
class Progress {
 public:
  Progress();
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows the text if it is time.
  void show(const std::string& text);
  /// Ends the line, so that other text may follow.
  void finish();

 private:
  const bool terminal_;
  bool open_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace outrider::testing
