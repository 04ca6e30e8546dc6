#include "relay/app/repeat_filter.h"

#include <algorithm>
#include <utility>

namespace outrider::app {

std::vector<Line> RepeatFilter::admit(Line line, TimePoint now) {
  std::vector<Line> shown = due(now);
  const Key key{line.pipeline, line.notice.severity, line.notice.what};
  if (const auto found = seen_.find(key); found != seen_.end()) {
    ++found->second.repeats;
    found->second.hint = line.notice.hint;
    return shown;
  }
  if (seen_.size() < kTextsMax) {
    seen_.emplace(key, Seen{.window_end = now + kRepeatWindow, .hint = line.notice.hint});
  }
  show(std::move(line), now, shown);
  return shown;
}

std::vector<Line> RepeatFilter::due(TimePoint now) {
  std::vector<Line> shown;
  for (auto entry = seen_.begin(); entry != seen_.end();) {
    auto& [key, seen] = *entry;
    if (now < seen.window_end) {
      ++entry;
    } else if (seen.repeats == 0) {
      entry = seen_.erase(entry);
    } else {
      const std::uint64_t times = std::exchange(seen.repeats, 0);
      seen.window_end = now + kRepeatWindow;
      show({key.pipeline, {key.severity, key.text, seen.hint}, times}, now, shown);
      ++entry;
    }
  }
  for (auto& [pipeline, budget] : budgets_) {
    forget_old(budget, now);
    if (budget.held_back == 0 || now < budget.tell_at) continue;
    budget.shown.push_back(now);
    shown.push_back({pipeline,
                     {Notice::Severity::Warning,
                      std::to_string(std::exchange(budget.held_back, 0)) +
                          " more messages were held back; /status has the last error"}});
  }
  return shown;
}

void RepeatFilter::show(Line line, TimePoint now, std::vector<Line>& shown) {
  if (line.notice.severity != Notice::Severity::Error && !line.pipeline.empty()) {
    Budget& budget = budgets_[line.pipeline];
    forget_old(budget, now);
    // The last place is kept for the line that tells how many were held back.
    if (budget.shown.size() + 1 >= kLinesPerMinute) {
      if (budget.held_back == 0) budget.tell_at = now + kMinute;
      budget.held_back += line.times;
      return;
    }
    budget.shown.push_back(now);
  }
  shown.push_back(std::move(line));
}

void RepeatFilter::forget_old(Budget& budget, TimePoint now) {
  while (!budget.shown.empty() && budget.shown.front() + kMinute <= now) budget.shown.pop_front();
}

}  // namespace outrider::app
