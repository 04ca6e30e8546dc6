// SIGTERM and SIGINT as something to wait for; used by the run command.
#pragma once

#include <optional>

namespace outrider::app {

/// Blocks both signals for this thread and all it starts later, so make it before the first
/// thread; no handler runs anywhere. Writing to a closed socket or pipe becomes an error instead of
/// SIGPIPE for the whole process. One at a time; the mask is restored at the end.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Readable when a signal waits.
  int descriptor() const { return descriptor_; }
  /// Takes the next signal's number, if one waits.
  std::optional<int> take();

 private:
  int descriptor_ = -1;
};

}  // namespace outrider::app
