#include "relay/app/admin_http.h"

#include "relay/app/bounded_task_pool.h"
#include "relay/app/clock.h"
#include "relay/app/status_page.h"

#include <fmt/format.h>
#include <httplib.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

namespace outrider::app {
namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kWaitingMost = 16;
constexpr time_t kTimeoutSeconds = 2;
constexpr std::size_t kBodyBytesMost = 1024;

constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";
constexpr const char* kMetrics = "text/plain; version=0.0.4; charset=utf-8";

constexpr const char* kIndex =
    "Outrider, a transactional outbox relay\n\n"
    "/metrics         for Prometheus\n"
    "/livez           whether the event loops turn\n"
    "/readyz          whether every pipeline streams or stands by; ?verbose says which\n"
    "/status          everything, as JSON\n"
    "/version         what was built, as JSON\n";

/// Only the address may be shared with connections that linger: with SO_REUSEPORT, which is the
/// library's default, two relays would answer in turns on one port.
void share_address(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

void answer(httplib::Response& response, const Health& health) {
  response.status = health.good ? 200 : 503;
  response.set_content(health.text, kPlain);
}

bool is_for_probes(const httplib::Request& request) {
  return request.path == "/livez" || (request.path == "/readyz" && request.params.empty());
}

std::unique_ptr<httplib::Server> make_server(const WebAccess* access) {
  if (access == nullptr || !access->wants_tls()) return std::make_unique<httplib::Server>();
  return std::make_unique<httplib::SSLServer>(
      [access](SSL_CTX& context) { return access->set_up(context); });
}

}  // namespace

Result<std::unique_ptr<AdminHttp>> AdminHttp::start(const ListenAddress& address,
                                                    TakeSnapshots take_snapshots,
                                                    const AdminHttpOptions& options) {
  const std::string& web_config_file = options.web_config_file;
  std::unique_ptr<WebAccess> access;
  if (!web_config_file.empty()) {
    OUTRIDER_TRY(WebConfig web, WebAccess::read(web_config_file));
    access = std::make_unique<WebAccess>(web_config_file, std::move(web));
  }
  std::unique_ptr<AdminHttp> http(
      new AdminHttp(std::move(take_snapshots), options.config_sha256, std::move(access)));
  if (!http->server_->is_valid()) {
    return failure(ErrorKind::Misconfigured,
                   fmt::format("the TLS files of \"{}\" cannot be used", web_config_file),
                   "cert_file, key_file and client_ca_file must be PEM files, and the key that of "
                   "the certificate");
  }
  http->limit();
  http->add_routes();
  OUTRIDER_TRY(http->bind(address));
  http->thread_ = std::jthread([raw = http.get()] {
    raw->server_->listen_after_bind();
    raw->finished_ = true;
  });
  return http;
}

AdminHttp::AdminHttp(TakeSnapshots take_snapshots, std::string config_sha256,
                     std::unique_ptr<WebAccess> access)
    : take_snapshots_(take_snapshots),
      metrics_(std::move(take_snapshots), std::move(config_sha256)),
      started_at_(wall_now()),
      access_(std::move(access)),
      server_(make_server(access_.get())) {}

AdminHttp::~AdminHttp() {
  // The library ignores a stop that comes before its thread has begun to listen.
  while (thread_.joinable() && !finished_) {
    server_->stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Result<void> AdminHttp::bind(const ListenAddress& address) {
  address_ = address;
  const auto bound = [this](const std::string& host) {
    errno = 0;
    if (address_.port != 0) return server_->bind_to_port(host, address_.port);
    const int port = server_->bind_to_any_port(host);
    if (port <= 0) return false;
    address_.port = static_cast<std::uint16_t>(port);
    return true;
  };
  // "::" takes connections of both families where the machine has both.
  if (address.host.empty() ? bound("::") || bound("0.0.0.0") : bound(address.host)) return {};
  const int reason = errno;
  return failure(ErrorKind::Unavailable,
                 fmt::format("listen on {}: {}", to_string(address),
                             reason == 0 ? "no such address" : std::strerror(reason)),
                 "set `http: { listen: … }` to a free port, to \"127.0.0.1:0\" for any, or to \"\" "
                 "to turn HTTP off");
}

void AdminHttp::limit() {
  server_->new_task_queue = [] { return new BoundedTaskPool(kWorkers, kWaitingMost); };
  server_->set_socket_options(share_address);
  server_->set_read_timeout(kTimeoutSeconds);
  server_->set_write_timeout(kTimeoutSeconds);
  server_->set_payload_max_length(kBodyBytesMost);
  if (access_ != nullptr) {
    server_->set_default_headers({access_->headers().begin(), access_->headers().end()});
  }
  // An idle connection would keep a worker from others.
  server_->set_keep_alive_max_count(1);
}

bool AdminHttp::refuse(const httplib::Request& request, httplib::Response& response) {
  if (request.method != "GET" && request.method != "HEAD") {
    response.status = 405;
    response.set_header("Allow", "GET, HEAD");
    response.set_content("method not allowed\n", kPlain);
    return true;
  }
  if (access_ == nullptr || is_for_probes(request)) return false;
  if (access_->allows(request.get_header_value("Authorization"))) return false;
  response.status = 401;
  response.set_header("WWW-Authenticate", "Basic realm=\"outrider\"");
  response.set_content("unauthorized\n", kPlain);
  return true;
}

void AdminHttp::add_routes() {
  using Request = httplib::Request;
  using Response = httplib::Response;
  server_->set_pre_routing_handler([this](const Request& request, Response& response) {
    return refuse(request, response) ? httplib::Server::HandlerResponse::Handled
                                     : httplib::Server::HandlerResponse::Unhandled;
  });
  server_->Get("/",
               [](const Request&, Response& response) { response.set_content(kIndex, kPlain); });
  server_->Get("/metrics", [this](const Request&, Response& response) {
    response.set_content(metrics_.text(), kMetrics);
  });
  server_->Get("/livez", [this](const Request&, Response& response) {
    answer(response, liveness(take_snapshots_(), clock_now().steady));
  });
  server_->Get("/readyz", [this](const Request& request, Response& response) {
    const Detail detail = request.has_param("verbose") ? Detail::Verbose : Detail::Brief;
    answer(response, readiness(take_snapshots_(), detail));
  });
  server_->Get("/status", [this](const Request&, Response& response) {
    response.set_content(status_json(take_snapshots_(), clock_now(), started_at_), kJson);
  });
  server_->Get("/version", [](const Request&, Response& response) {
    response.set_content(version_json(), kJson);
  });
  server_->set_error_handler([](const Request&, Response& response) {
    if (!response.body.empty()) return;
    response.set_content(response.status == 404 ? "not found; / lists what is here\n"
                                                : fmt::format("{}\n", response.status),
                         kPlain);
  });
}

}  // namespace outrider::app
