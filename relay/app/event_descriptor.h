// A flag that poll(2) can wait for; used by the pipeline threads and the run command.
#pragma once

#include "relay/base/assert.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace outrider::app {

/// An eventfd. raise() may be called on any thread; the descriptor stays readable until lower().
class EventDescriptor {
 public:
  EventDescriptor() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    OUTRIDER_ASSERT(fd_ >= 0, "an eventfd can be made");
  }
  ~EventDescriptor() { close(fd_); }
  EventDescriptor(const EventDescriptor&) = delete;
  EventDescriptor& operator=(const EventDescriptor&) = delete;

  void raise() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable already.
    [[maybe_unused]] const auto written = write(fd_, &one, sizeof(one));
  }
  void lower() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(fd_, &count, sizeof(count));
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace outrider::app
