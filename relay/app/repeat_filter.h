// Keeps a trouble that lasts from filling the log; used by the log.
#pragma once

#include "connectors/notice.h"
#include "relay/base/time.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::app {

/// Something to be shown; `times` > 1 stands for repeats that were held back.
struct Line {
  std::string pipeline;  ///< Empty: of the process.
  Notice notice;
  std::uint64_t times = 1;
};

/// Decides which lines are shown. The same (pipeline, severity, text) again within 30 s is counted
/// and shown once at the end of that time; hints do not make a difference. Of one pipeline at most
/// six lines a minute are shown, errors apart: what is over is counted, and told a minute later.
/// Pure and bounded: time is an argument. One thread at a time.
class RepeatFilter {
 public:
  static constexpr Duration kRepeatWindow = std::chrono::seconds(30);
  static constexpr Duration kMinute = std::chrono::seconds(60);
  static constexpr std::size_t kLinesPerMinute = 6;
  static constexpr std::size_t kTextsMax = 256;

  /// What to show now because of this line: nothing, or the line.
  std::vector<Line> admit(Line line, TimePoint now);

  /// What to show now because time went on: repeats counted since they were shown, and how many
  /// lines were held back. Call about once a second.
  std::vector<Line> due(TimePoint now);

 private:
  struct Key {
    std::string pipeline;
    Notice::Severity severity;
    std::string text;
    auto operator<=>(const Key&) const = default;
  };
  struct Seen {
    TimePoint window_end;
    std::uint64_t repeats = 0;
    std::string hint;
  };
  struct Budget {
    std::deque<TimePoint> shown;
    std::uint64_t held_back = 0;
    TimePoint tell_at;  // When to tell how many.
  };

  void show(Line line, TimePoint now, std::vector<Line>& shown);
  static void forget_old(Budget& budget, TimePoint now);

  std::map<Key, Seen> seen_;
  std::map<std::string, Budget> budgets_;
};

}  // namespace outrider::app
