// The HTTP side that all sample services share: routes that answer JSON, probes, metrics, limits.
#pragma once

#include "samples/outbox/database.h"
#include "samples/service/problem.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace service {

struct Call {
  std::string id;  ///< The part of the path at {id}; empty if the route has none.
  std::string body;
  std::string traceparent;  ///< W3C Trace Context of the caller; empty if there is none.
};

/// Serves until destroyed; requests under way are finished first. Handlers run on several threads.
class HttpService {
 public:
  using Handler = std::function<Answer(const Call&)>;

  /// `database` is asked by /readyz.
  explicit HttpService(outbox::Database& database);
  ~HttpService();
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  /// Routes such as "/users/{id}/email"; what stands at {id} becomes Call::id.
  void get(const std::string& path, Handler handler);
  void post(const std::string& path, Handler handler);
  void patch(const std::string& path, Handler handler);

  /// Those that were added, as "GET /users/{id}".
  const std::vector<std::string>& routes() const { return routes_; }

  /// More numbers for /metrics, read at each scrape.
  prometheus::Registry& metrics() { return *registry_; }

  /// "host:port"; port 0 is any free one. The port, or Unavailable.
  outrider::Result<int> listen(const std::string& address);

 private:
  using Route = std::function<void(const httplib::Request&, httplib::Response&)>;
  Route answered(const std::string& name, Handler handler);
  void add_probes();
  void add_limits();

  outbox::Database& database_;
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  std::unique_ptr<httplib::Server> server_;
  std::vector<std::string> routes_;
  std::atomic<bool> finished_ = false;
  std::jthread thread_;
};

}  // namespace service
