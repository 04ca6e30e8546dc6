// People at work: concurrent clients of the sample services. Used by tests and lab.
#pragma once

#include "tests/support/sample_services.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace outrider::testing {

/// Creates users, changes e-mails, places and cancels orders until so many requests were answered
/// with success; each of them makes one event. Some orders come before their user. Whoever gets no
/// answer asks again with the same id, so clients go on through restarts of the services.
class ServiceLoad {
 public:
  struct Options {
    std::uint64_t events = 1000;
    int clients = 6;
    double events_per_second = 0;  ///< Of all clients together; 0 is as many as they can.
    bool orders_only = false;      ///< Only new orders, of customers whom nobody knows.
  };

  /// Begins. The services must live longer.
  ServiceLoad(SampleServices& services, Options options);
  ~ServiceLoad();

  /// Requests answered with success so far.
  std::uint64_t accepted() const { return accepted_; }
  bool is_finished() const { return working_ == 0; }
  /// Waits until all clients are done. Throws if a service refused a request.
  void finish();
  /// Ends them after their current requests, answered or not, and waits as finish() does.
  void stop();
  /// Ids of the orders whose POST was answered with success.
  std::vector<std::string> accepted_orders() const;
  /// How long each of them took, in milliseconds, in no order.
  std::vector<double> order_milliseconds() const;

 private:
  class Person;
  void note_order(const std::string& id, double milliseconds);
  void keep_pace() const;

  SampleServices& services_;
  const Options options_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<int> working_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::string refused_;
  std::vector<std::string> accepted_orders_;
  std::vector<double> order_milliseconds_;
  std::vector<std::jthread> clients_;
};

}  // namespace outrider::testing
