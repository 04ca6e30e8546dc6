// A few threads behind a short queue; used by the HTTP server.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace outrider::app {

/// Bounds what clients can make the server hold: when all threads work and the queue is full,
/// accepting waits, and the kernel's backlog bounds the rest.
class BoundedTaskPool final : public httplib::TaskQueue {
 public:
  BoundedTaskPool(std::size_t workers, std::size_t waiting_most) : waiting_most_(waiting_most) {
    for (std::size_t i = 0; i < workers; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }
  ~BoundedTaskPool() override { shutdown(); }

  void enqueue(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return tasks_.size() < waiting_most_ || closed_; });
    tasks_.push_back(std::move(task));
    lock.unlock();
    ready_.notify_one();
  }

  /// Finishes what was taken, then joins.
  void shutdown() override {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
    room_.notify_all();
    workers_.clear();
  }

 private:
  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return !tasks_.empty() || closed_; });
      if (tasks_.empty()) return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      room_.notify_one();
      task();
    }
  }

  const std::size_t waiting_most_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable room_;
  std::deque<std::function<void()>> tasks_;  // Under mutex_.
  bool closed_ = false;                      // Under mutex_.
  std::vector<std::jthread> workers_;
};

}  // namespace outrider::app
