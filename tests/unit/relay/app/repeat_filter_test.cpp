#include "relay/app/repeat_filter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using Severity = Notice::Severity;

Line line(std::string text, Severity severity = Severity::Warning, std::string hint = {}) {
  return {"orders", {severity, std::move(text), std::move(hint)}};
}

TEST(RepeatFilter, ShowsANewLineAtOnce) {
  RepeatFilter filter;
  const auto shown = filter.admit(line("no broker", Severity::Warning, "start it"), TimePoint{});
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].notice.what, "no broker");
  EXPECT_EQ(shown[0].notice.hint, "start it");
  EXPECT_EQ(shown[0].times, 1U);
}

TEST(RepeatFilter, CountsRepeatsAndShowsThemOnceAfterThirtySeconds) {
  RepeatFilter filter;
  filter.admit(line("no broker"), TimePoint{});
  for (int second = 1; second < 30; ++second) {
    EXPECT_TRUE(filter.admit(line("no broker"), TimePoint{} + second * 1s).empty());
  }
  const auto shown = filter.due(TimePoint{} + 30s);
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].times, 29U);
}

TEST(RepeatFilter, SaysNothingMoreOfALineThatDidNotRepeat) {
  RepeatFilter filter;
  filter.admit(line("no broker"), TimePoint{});
  EXPECT_TRUE(filter.due(TimePoint{} + 30s).empty());
  EXPECT_EQ(filter.admit(line("no broker"), TimePoint{} + 31s).size(), 1U);
}

TEST(RepeatFilter, KeepsPipelinesAndSeveritiesApart) {
  RepeatFilter filter;
  filter.admit(line("streaming", Severity::Info), TimePoint{});
  Line other = line("streaming", Severity::Info);
  other.pipeline = "users";
  EXPECT_EQ(filter.admit(std::move(other), TimePoint{}).size(), 1U);
  EXPECT_EQ(filter.admit(line("streaming", Severity::Warning), TimePoint{}).size(), 1U);
}

TEST(RepeatFilter, ShowsAtMostSixLinesAMinuteWhenEveryTextDiffers) {
  RepeatFilter filter;
  std::vector<TimePoint> times;
  for (int tenth = 0; tenth < 6000; ++tenth) {
    const TimePoint now = TimePoint{} + tenth * 100ms;
    const auto shown = filter.admit(line("no broker after " + std::to_string(tenth)), now);
    times.insert(times.end(), shown.size(), now);
  }
  for (std::size_t i = 6; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 6], 60s) << "seven lines within a minute at line " << i;
  }
  EXPECT_GT(times.size(), 40U);
}

TEST(RepeatFilter, TellsHowManyLinesWereHeldBack) {
  RepeatFilter filter;
  for (int i = 0; i < 8; ++i) filter.admit(line("trouble " + std::to_string(i)), TimePoint{});
  const auto shown = filter.due(TimePoint{} + 60s);
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].notice.what, "3 more messages were held back; /status has the last error");
}

TEST(RepeatFilter, NeverHoldsBackANewError) {
  RepeatFilter filter;
  for (int i = 0; i < 20; ++i) filter.admit(line("trouble " + std::to_string(i)), TimePoint{});
  EXPECT_EQ(filter.admit(line("halted", Severity::Error), TimePoint{}).size(), 1U);
}

}  // namespace
}  // namespace outrider::app
