#include "relay/app/service_manager.h"

#include "relay/app/status_page.h"

#include <systemd/sd-daemon.h>

#include <cstring>

namespace outrider::app {
namespace {

/// As `systemctl status` shows it, e.g. "orders: streaming, users: retrying".
std::string status_of(const std::vector<Snapshot>& snapshots) {
  std::string text;
  for (const Snapshot& snapshot : snapshots) {
    if (!text.empty()) text += ", ";
    text += snapshot.pipeline + ": " + std::string(to_string(snapshot.status.state));
  }
  return text;
}

}  // namespace

void ServiceManager::tick(const std::vector<Snapshot>& snapshots, TimePoint now) {
  if (sd_watchdog_enabled(0, nullptr) > 0 && liveness(snapshots, now).good) tell("WATCHDOG=1");
  std::string status = status_of(snapshots);
  if (status == status_) return;
  status_ = std::move(status);
  tell("STATUS=" + status_);
}

void ServiceManager::tell(const std::string& message) {
  const int sent = sd_notify(0, message.c_str());
  if (sent >= 0) return;
  log_.error("send " + message + " to systemd: " + std::strerror(-sent),
             "look whether the socket in $NOTIFY_SOCKET is there and may be written");
}

}  // namespace outrider::app
