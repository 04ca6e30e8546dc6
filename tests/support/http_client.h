// A client of the sample services that keeps its connection. Used by tests and lab.
#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <string>

namespace httplib {
class Client;
}

namespace outrider::testing {

struct HttpReply {
  int status = 0;  ///< 0: nobody answered.
  std::string content_type = {};
  std::string text = {};
  nlohmann::json body = {};  ///< The text as JSON; discarded if it is none.

  bool is_success() const { return status / 100 == 2; }
};

/// One thread at a time.
class HttpClient {
 public:
  explicit HttpClient(int port);
  ~HttpClient();

  HttpReply get(const std::string& path) { return call("GET", path); }
  HttpReply call(const std::string& method, const std::string& path, const std::string& body = {},
                 const std::map<std::string, std::string>& headers = {});

 private:
  std::unique_ptr<httplib::Client> client_;
};

}  // namespace outrider::testing
