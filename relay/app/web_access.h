// Who may ask the HTTP server, as the web configuration says; used by the HTTP server.
#pragma once

#include "relay/app/web_config.h"
#include "relay/base/error.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

// OpenSSL's.
struct ssl_ctx_st;

namespace outrider::app {

/// Any thread may ask. Users are read again at each request, certificate and key at each
/// connection, so that they can be replaced; the rest when the server starts.
class WebAccess {
 public:
  /// Misconfigured if the file, or a file that it names, is no good.
  static Result<WebConfig> read(const std::string& path);

  WebAccess(std::string path, WebConfig config)
      : path_(std::move(path)), config_(std::move(config)) {}

  bool wants_tls() const { return config_.tls_server_config.has_value(); }
  /// Of every answer, as they were when the server started.
  const std::map<std::string, std::string>& headers() const {
    return config_.http_server_config.headers;
  }
  /// Prepares the server's TLS; false if OpenSSL does not take a file. `this` must outlive it.
  bool set_up(ssl_ctx_st& context) const;

  /// `authorization`: that header of a request. False also if the web configuration has become
  /// unreadable.
  bool allows(const std::string& authorization);

 private:
  const std::string path_;
  const WebConfig config_;
  /// One check at a time: each is made to be slow, and must not take every core.
  std::mutex mutex_;
  std::string last_allowed_;  // Digest of hash and header, so that a scraper is checked once.
};

}  // namespace outrider::app
