// Services at work: concurrent clients that commit events, and the check that consumers saw them.
// Used by tests and lab.
#pragma once

#include "tests/support/kafka_consumer.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace outrider::testing {

/// Writes events into `public.outbox` until so many are committed. Each transaction has several
/// rows and keys; some are rolled back, some have a savepoint that is. Each event carries the
/// counter of its key, raised under that key's row lock in the same transaction: the truth about
/// commit order. Clients go on through restarts of the server.
class OutboxLoad {
 public:
  struct Options {
    std::string dsn;  ///< Of a role that may write the outbox.
    std::string aggregatetype = "order";
    std::uint64_t events = 1000;
    int clients = 4;
    int keys = 64;
    double events_per_second = 0;  ///< Of all clients together; 0 is as many as they can.
  };

  /// Makes the counters and begins.
  explicit OutboxLoad(Options options);
  ~OutboxLoad();

  /// Committed so far, as far as the clients know.
  std::uint64_t committed() const { return committed_; }
  /// True when all clients are done.
  bool is_finished() const { return working_ == 0; }
  /// Waits until they are.
  void finish();
  /// Ends them after their current transactions, however much is committed, and waits.
  void stop();

 private:
  void work(int client);
  void keep_pace() const;

  const Options options_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> committed_ = 0;
  std::atomic<std::uint64_t> next_transaction_ = 1;
  std::atomic<int> working_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> clients_;
};

/// The difference between what was committed and what was delivered.
struct Verdict {
  std::uint64_t committed = 0;
  std::uint64_t delivered = 0;  ///< Different events that were committed.
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t never_committed = 0;  ///< Delivered, but rolled back or of nobody.
  std::uint64_t torn = 0;             ///< Transactions of which only a part is there.

  bool is_exact() const { return lost + duplicated + out_of_order + never_committed + torn == 0; }
  std::string text() const;
  Verdict& operator+=(const Verdict& other);
};

/// Compares the rows of `public.outbox` with the records. Out of order: a record whose field
/// `counter` of the payload is not above that of the record before it with the same key.
Verdict judge(const std::string& dsn, const std::string& aggregatetype,
              const std::vector<Delivered>& delivered, const std::string& counter = "counter");

/// How many transactions are there only in part.
std::uint64_t count_torn(const std::vector<Delivered>& delivered);

}  // namespace outrider::testing
