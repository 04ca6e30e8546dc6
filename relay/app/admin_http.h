// The HTTP server for people, probes and Prometheus; made by the run command.
#pragma once

#include "relay/app/listen_address.h"
#include "relay/app/metrics.h"
#include "relay/app/snapshot.h"
#include "relay/app/web_access.h"
#include "relay/base/error.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace outrider::app {

struct AdminHttpOptions {
  std::string web_config_file = {};  ///< TLS and users; empty: none.
  std::string config_sha256 = {};    ///< For the metrics; see config_digest().
};

/// GET /metrics, /livez, /readyz[?verbose], /status, /version and an index at /. Read only, without
/// secrets. Users of the web configuration are asked for everywhere but at /livez and /readyz,
/// which probes ask and which say one word; with ?verbose for that, too. Every request has a
/// connection of its own; a few are served at a time, a few more wait, and the kernel holds back
/// the rest. Answers come from snapshots: a pipeline never waits for it.
class AdminHttp {
 public:
  /// Listens and serves until destroyed. Unavailable if the address cannot be had; Misconfigured if
  /// the web configuration is no good.
  static Result<std::unique_ptr<AdminHttp>> start(const ListenAddress& address,
                                                  TakeSnapshots take_snapshots,
                                                  const AdminHttpOptions& options = {});
  ~AdminHttp();
  AdminHttp(const AdminHttp&) = delete;
  AdminHttp& operator=(const AdminHttp&) = delete;

  /// With the port that was chosen if any was asked for.
  const ListenAddress& address() const { return address_; }

 private:
  AdminHttp(TakeSnapshots take_snapshots, std::string config_sha256,
            std::unique_ptr<WebAccess> access);
  Result<void> bind(const ListenAddress& address);
  void add_routes();
  /// True if it has answered that the request is not served.
  bool refuse(const httplib::Request& request, httplib::Response& response);
  void limit();

  const TakeSnapshots take_snapshots_;
  const Metrics metrics_;
  const WallTime started_at_;
  const std::unique_ptr<WebAccess> access_;  // Null: everybody, without TLS.
  ListenAddress address_;
  std::unique_ptr<httplib::Server> server_;
  std::atomic<bool> finished_ = false;
  std::jthread thread_;
};

}  // namespace outrider::app
