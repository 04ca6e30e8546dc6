#include "samples/service/http_service.h"

#include <httplib.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <regex>
#include <string_view>
#include <utility>

namespace service {
namespace {

using outrider::ErrorKind;
using outrider::failure;

constexpr std::size_t kBodyBytesMost = 16 * 1024;
// Each connection that is kept open holds one.
constexpr std::size_t kThreads = 32;
constexpr std::size_t kRequestsPerConnection = 10'000;
constexpr time_t kTimeoutSeconds = 5;
constexpr const char* kJson = "application/json";
constexpr const char* kProblem = "application/problem+json";

// Only the address may be shared with connections that linger: with SO_REUSEPORT, which is the
// library's default, two services would answer in turns on one port.
void share_address(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

void answer(httplib::Response& response, const Problem& problem) {
  response.status = problem.status;
  if (problem.status == 503) response.set_header("Retry-After", "1");
  const nlohmann::json document = {{"type", "about:blank"},
                                   {"title", problem.title},
                                   {"status", problem.status},
                                   {"detail", problem.detail}};
  response.set_content(document.dump(), kProblem);
}

// What is not of this form would travel on to every consumer.
std::string traceparent_of(const httplib::Request& request) {
  static const std::regex kForm("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");
  const std::string value = request.get_header_value("traceparent");
  return value.size() < 64 && std::regex_match(value, kForm) ? value : std::string();
}

// As the library takes it: a regular expression.
std::string pattern_of(std::string path) {
  constexpr std::string_view kId = "{id}";
  const std::size_t at = path.find(kId);
  return at == std::string::npos ? path : path.replace(at, kId.size(), "([^/]+)");
}

std::string title_of(int status) {
  switch (status) {
    case 400:
      return "The request is not valid";
    case 404:
      return "Not found";
    case 413:
      return "The body is too large";
    default:
      return "The request could not be answered";
  }
}

}  // namespace

HttpService::HttpService(outbox::Database& database)
    : database_(database),
      registry_(std::make_shared<prometheus::Registry>()),
      requests_(prometheus::BuildCounter()
                    .Name("http_requests_total")
                    .Help("Requests by route and status")
                    .Register(*registry_)),
      seconds_(prometheus::BuildHistogram()
                   .Name("http_request_duration_seconds")
                   .Help("Time to answer, by route")
                   .Register(*registry_)),
      server_(std::make_unique<httplib::Server>()) {
  add_limits();
  add_probes();
}

HttpService::~HttpService() {
  // The library ignores a stop that comes before its thread has begun to listen.
  while (thread_.joinable() && !finished_) {
    server_->stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void HttpService::get(const std::string& path, Handler handler) {
  server_->Get(pattern_of(path), answered("GET " + path, std::move(handler)));
}
void HttpService::post(const std::string& path, Handler handler) {
  server_->Post(pattern_of(path), answered("POST " + path, std::move(handler)));
}
void HttpService::patch(const std::string& path, Handler handler) {
  server_->Patch(pattern_of(path), answered("PATCH " + path, std::move(handler)));
}

HttpService::Route HttpService::answered(const std::string& name, Handler handler) {
  routes_.push_back(name);
  prometheus::Histogram& seconds = seconds_.Add(
      {{"route", name}}, prometheus::Histogram::BucketBoundaries{0.001, 0.0025, 0.005, 0.01, 0.025,
                                                                 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5});
  return [this, name, &seconds, handler = std::move(handler)](const httplib::Request& request,
                                                              httplib::Response& response) {
    const auto begin = std::chrono::steady_clock::now();
    Call call{.id = request.matches.size() > 1 ? request.matches[1].str() : std::string(),
              .body = request.body,
              .traceparent = traceparent_of(request)};
    const Answer reply = handler(call);
    if (reply) {
      response.status = reply->status;
      response.set_content(reply->body.dump(), kJson);
    } else {
      answer(response, reply.error());
    }
    requests_.Add({{"route", name}, {"status", std::to_string(response.status)}}).Increment();
    seconds.Observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  };
}

void HttpService::add_limits() {
  server_->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server_->set_socket_options(share_address);
  server_->set_tcp_nodelay(true);
  server_->set_keep_alive_max_count(kRequestsPerConnection);
  server_->set_payload_max_length(kBodyBytesMost);
  server_->set_read_timeout(kTimeoutSeconds);
  server_->set_write_timeout(kTimeoutSeconds);
  // Errors of the library itself: no such route, a body that is too large, …
  server_->set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (!response.body.empty()) return;
    answer(response, Problem{response.status, title_of(response.status), ""});
  });
}

void HttpService::add_probes() {
  server_->Get("/livez", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  server_->Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
    const outrider::Result<void> reached = database_.ping();
    response.status = reached ? 200 : 503;
    response.set_content(reached ? "ok\n" : "the database is away\n", "text/plain");
  });
  server_->Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
    response.set_content(prometheus::TextSerializer().Serialize(registry_->Collect()),
                         "text/plain; version=0.0.4; charset=utf-8");
  });
}

outrider::Result<int> HttpService::listen(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  int port = -1;
  if (colon != std::string::npos) {
    const char* const begin = address.data() + colon + 1;
    const char* const end = address.data() + address.size();
    const auto [rest, error] = std::from_chars(begin, end, port);
    if (error != std::errc{} || rest != end) port = -1;
  }
  if (port < 0 || port > 65'535) {
    return failure(ErrorKind::Misconfigured, "\"" + address + "\" is not host:port");
  }
  if (port == 0)
    port = server_->bind_to_any_port(host);
  else if (!server_->bind_to_port(host, port))
    port = -1;
  if (port <= 0) return failure(ErrorKind::Unavailable, "cannot listen on " + address);
  thread_ = std::jthread([this] {
    server_->listen_after_bind();
    finished_ = true;
  });
  return port;
}

}  // namespace service
