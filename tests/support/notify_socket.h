// What systemd is to a service of Type=notify; used by tests.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace outrider::testing {

/// A datagram socket in the folder. Errors are exceptions.
class NotifySocket {
 public:
  explicit NotifySocket(const std::filesystem::path& folder)
      : path_(folder / ("notify." + std::to_string(getpid()))),
        descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) throw std::runtime_error(path_ + " is too long");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("bind " + path_ + ": " + std::strerror(errno));
    }
  }
  ~NotifySocket() {
    close(descriptor_);
    unlink(path_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// For $NOTIFY_SOCKET.
  const std::string& path() const { return path_; }

  /// The next datagram; empty if none waits.
  std::string next() const {
    char buffer[512];
    const ssize_t got = recv(descriptor_, buffer, sizeof buffer, 0);
    return got < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(got));
  }

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace outrider::testing
