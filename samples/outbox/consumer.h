// Reads topics for an inbox, on a thread of its own. Used by services that consume events.
#pragma once

#include "samples/outbox/inbox.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_message_s;

namespace outbox {

/// A member of a consumer group that sees only committed records, and commits an offset only when
/// the inbox is done with the message. While the database is away it waits, and nothing is skipped.
class Consumer {
 public:
  struct Options {
    std::string bootstrap_servers;
    std::string group;
    std::vector<std::string> topics;
    /// Hears what became of each message, on the consumer's thread.
    std::function<void(const Message&, Handled)> done;
    /// Hears what an operator should know, in one line, on the consumer's thread.
    std::function<void(const std::string&)> log;
  };

  /// Misconfigured if Kafka's client does not take the options. Brokers may be away.
  static Result<std::unique_ptr<Consumer>> start(Options options, Inbox& inbox);
  /// Finishes the message under way and leaves the group.
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

 private:
  struct Destroy {
    void operator()(rd_kafka_s* client) const;
  };
  Consumer(Options options, Inbox& inbox) : options_(std::move(options)), inbox_(inbox) {}
  void run(const std::stop_token& stop);
  void handle(const rd_kafka_message_s& message, const std::stop_token& stop);

  const Options options_;
  Inbox& inbox_;
  std::unique_ptr<rd_kafka_s, Destroy> client_;
  std::jthread thread_;
};

}  // namespace outbox
