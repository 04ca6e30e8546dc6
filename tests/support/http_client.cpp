#include "tests/support/http_client.h"

#include <httplib.h>

#include <chrono>

namespace outrider::testing {

using namespace std::chrono_literals;

HttpClient::HttpClient(int port) : client_(std::make_unique<httplib::Client>("127.0.0.1", port)) {
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
  client_->set_connection_timeout(2s);
  client_->set_read_timeout(20s);
}

HttpClient::~HttpClient() = default;

HttpReply HttpClient::call(const std::string& method, const std::string& path,
                           const std::string& body,
                           const std::map<std::string, std::string>& headers) {
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  request.set_header("Content-Type", "application/json");
  for (const auto& [name, value] : headers) request.set_header(name.c_str(), value);
  const httplib::Result reply = client_->send(request);
  if (!reply) return {};
  return {.status = reply->status,
          .content_type = reply->get_header_value("Content-Type"),
          .text = reply->body,
          .body = nlohmann::json::parse(reply->body, nullptr, false)};
}

}  // namespace outrider::testing
