#include "relay/app/service_manager.h"

#include "tests/support/notify_socket.h"
#include "tests/unit/relay/app/snapshots.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using testing::snapshot_of;

/// In the environment that systemd gives to a service.
class Systemd : public testing::NotifySocket {
 public:
  Systemd() : NotifySocket(::testing::TempDir()) { setenv("NOTIFY_SOCKET", path().c_str(), 1); }
  ~Systemd() {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
  }
};

constexpr TimePoint kNow{1000s};

TEST(ServiceManager, TellsSystemdOfReadinessAndOfStopping) {
  const Systemd systemd;
  Log log({});
  ServiceManager manager(log);
  manager.ready();
  EXPECT_EQ(systemd.next(), "READY=1");
  manager.stopping();
  EXPECT_EQ(systemd.next(), "STOPPING=1");
  EXPECT_EQ(systemd.next(), "");
}

TEST(ServiceManager, TellsTheStatesOnceEachTimeTheyChange) {
  const Systemd systemd;
  Log log({});
  ServiceManager manager(log);
  manager.tick({snapshot_of("orders", PipelineState::Starting)}, kNow);
  EXPECT_EQ(systemd.next(), "STATUS=orders: starting");
  manager.tick({snapshot_of("orders", PipelineState::Starting)}, kNow);
  EXPECT_EQ(systemd.next(), "");
  manager.tick({snapshot_of("orders", PipelineState::Streaming),
                snapshot_of("users", PipelineState::Halted)},
               kNow);
  EXPECT_EQ(systemd.next(), "STATUS=orders: streaming, users: halted");
}

TEST(ServiceManager, FeedsTheWatchdogAsLongAsEveryLoopTurns) {
  const Systemd systemd;
  setenv("WATCHDOG_USEC", "30000000", 1);
  Log log({});
  ServiceManager manager(log);
  Snapshot snapshot = snapshot_of("orders", PipelineState::Streaming);
  snapshot.turned_at = kNow;
  manager.tick({snapshot}, kNow);
  EXPECT_EQ(systemd.next(), "WATCHDOG=1");
  EXPECT_EQ(systemd.next(), "STATUS=orders: streaming");
  manager.tick({snapshot}, kNow + 10min);
  EXPECT_EQ(systemd.next(), "");
}

TEST(ServiceManager, SaysNothingWhereNobodyListens) {
  unsetenv("NOTIFY_SOCKET");
  Log log({});
  ServiceManager(log).ready();
}

TEST(ServiceManager, LogsWhatCannotBeSent) {
  setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
  Log log({});
  ::testing::internal::CaptureStderr();
  ServiceManager(log).ready();
  const std::string said = ::testing::internal::GetCapturedStderr();
  unsetenv("NOTIFY_SOCKET");
  EXPECT_NE(said.find("send READY=1 to systemd: No such file"), std::string::npos) << said;
}

}  // namespace
}  // namespace outrider::app
