// The log of the process on stderr; written to by the run command and the pipeline threads.
#pragma once

#include "connectors/notice.h"
#include "relay/app/repeat_filter.h"
#include "relay/base/time.h"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace spdlog {
class logger;
}

namespace outrider::app {

enum class LineFormat { Text, Json };

/// Every call may come from any thread. Repeats are held back as RepeatFilter says.
class Log {
 public:
  struct Options {
    LineFormat format = LineFormat::Text;
    /// Lines below are dropped.
    Notice::Severity least = Notice::Severity::Info;
  };

  explicit Log(Options options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// `pipeline` is empty for what concerns the process.
  void say(std::string_view pipeline, const Notice& notice, TimePoint now);
  void info(std::string what);
  void error(const std::string& what, const std::string& hint);

  /// Shows counted repeats that are due. Call about once a second.
  void tick(TimePoint now);

 private:
  void write(const std::vector<Line>& lines);

  const Options options_;
  std::mutex mutex_;
  RepeatFilter filter_;  // Under mutex_.
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace outrider::app
