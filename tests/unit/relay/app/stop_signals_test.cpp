#include "relay/app/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace outrider::app {
namespace {

TEST(StopSignals, AreTakenOneByOneInsteadOfEndingTheProcess) {
  StopSignals signals;
  EXPECT_EQ(signals.take(), std::nullopt);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(signals.take(), SIGTERM);
  kill(getpid(), SIGINT);
  EXPECT_EQ(signals.take(), SIGINT);
  EXPECT_EQ(signals.take(), std::nullopt);
}

TEST(StopSignals, WritingToAClosedPipeIsAnErrorAndNoSignal) {
  const StopSignals signals;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(write(ends[1], "x", 1), -1);
  close(ends[1]);
}

}  // namespace
}  // namespace outrider::app
