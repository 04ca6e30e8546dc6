// Tells systemd how the process is; used by the run command.
#pragma once

#include "relay/app/log.h"
#include "relay/app/snapshot.h"
#include "relay/base/time.h"

#include <string>
#include <vector>

namespace outrider::app {

/// Speaks the protocol of sd_notify(3). Without $NOTIFY_SOCKET, that is under anything but a unit
/// of Type=notify, it says nothing. What cannot be sent is logged and not tried again: the next
/// message says more. One thread.
class ServiceManager {
 public:
  /// `log` must outlive it.
  explicit ServiceManager(Log& log) : log_(log) {}

  /// Every pipeline runs and HTTP answers; Postgres and Kafka may still be away.
  void ready() { tell("READY=1"); }
  void stopping() { tell("STOPPING=1"); }

  /// Call about once a second: feeds the watchdog as long as every pipeline's loop turns, and tells
  /// the states when they change.
  void tick(const std::vector<Snapshot>& snapshots, TimePoint now);

 private:
  void tell(const std::string& message);

  Log& log_;
  std::string status_;
};

}  // namespace outrider::app
