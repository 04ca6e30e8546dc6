// A simulated transactional Kafka: the brokers' side. Used by the simulated client and the world.
#pragma once

#include "tests/simulation/environment.h"
#include "tests/simulation/timers.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider::simulation {

/// A record with its own bytes; `event` is its header "id".
struct StoredRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::string event;
};

struct TopicPartition {
  std::string topic;
  std::size_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

/// A record with such a value is what the brokers do not take, and its whole batch with it.
constexpr std::string_view kCursed = "cursed";

/// Topics, transactions by id and epoch, markers that arrive partition by partition, and what a
/// read_committed consumer sees. Codes are those of the Kafka protocol guide; 0 is success.
class KafkaCluster {
 public:
  static constexpr int kUnknownTopic = 3;
  static constexpr int kMessageTooLarge = 10;
  static constexpr int kInvalidProducerEpoch = 47;
  static constexpr int kInvalidRecord = 87;
  static constexpr int kConcurrentTransactions = 51;

  /// Who watches what becomes of records. Both are called once per record.
  struct Watcher {
    /// From now on it is certain that consumers will see the record.
    std::function<void(const StoredRecord&)> decided;
    /// A read_committed consumer of the partition sees it.
    std::function<void(const TopicPartition&, const StoredRecord&, std::uint64_t transaction)>
        visible;
    /// Consumers have reached everything of a transaction.
    std::function<void(std::uint64_t transaction)> complete;
  };

  KafkaCluster(Environment& environment, Watcher watcher)
      : environment_(environment), watcher_(std::move(watcher)) {}

  Timers& timers() { return timers_; }
  void step() { timers_.run(environment_.clock.steady); }
  TimePoint next_event() const { return timers_.next(); }

  // Faults and operators.
  void stop_for(Duration down);
  bool is_up() const { return environment_.clock.steady >= up_at_; }
  TimePoint up_at() const { return up_at_; }
  void slow_markers(Duration most) { markers_most_ = most; }
  void delete_topic(const std::string& topic) { topics_.erase(topic); }
  void set_cleanup_policy(const std::string& topic, std::string policy);
  void add_partition(const std::string& topic);
  void limit_batches(std::size_t bytes) { batch_bytes_max_ = bytes; }
  /// Another program keeps a transaction open in the topic for so long.
  void intrude(const std::string& topic, Duration open);
  /// Since when the oldest transaction of an id that begins with `prefix` is open, if one is.
  std::optional<TimePoint> open_since(const std::string& prefix) const;

  // Topics.
  struct Topic {
    std::size_t partitions = 0;  ///< 0: does not exist.
    std::string cleanup_policy;
    std::size_t batch_bytes_max = 0;
  };
  Topic topic(const std::string& name) const;
  void create_topic(const std::string& name, std::size_t partitions, std::string cleanup_policy);

  // Transactions.
  /// A new epoch: older producers of the id are fenced, what they have open is aborted.
  int fence(const std::string& id);
  /// True when no markers of the id are still to be written.
  bool is_settled(const std::string& id) const;
  /// Appends a batch; `id` empty: outside transactions. All of it or, with a code, nothing.
  int append(const std::string& id, int epoch, Duration timeout, const TopicPartition& place,
             const std::vector<StoredRecord>& batch);
  int end(const std::string& id, int epoch, bool commit);

  struct Tail {
    std::vector<std::string> records;  ///< The last visible ones with the key, oldest first.
    bool is_complete = true;           ///< Nothing undecided hides what comes after.
  };
  Tail read_committed(const std::string& topic, const std::string& key) const;

 private:
  enum class Fate { Open, Committing, Aborting, Committed, Aborted };
  struct Transaction {
    std::string id;
    TimePoint began;
    Fate fate = Fate::Open;
    std::set<TopicPartition> unmarked;
    std::size_t hidden = 0;  // Records that consumers have not reached.
  };
  struct Entry {
    std::uint64_t transaction = 0;  // 0: outside.
    StoredRecord record;
  };
  struct Partition {
    std::vector<Entry> log;
    std::size_t visible_to = 0;
    std::map<std::uint64_t, bool> marks;  // Transaction to committed.
  };
  struct Log {
    std::vector<Partition> partitions;
    std::string cleanup_policy;
  };
  struct Producer {
    int epoch = 0;
    std::uint64_t open = 0;      // 0: none.
    std::uint64_t settling = 0;  // 0: none.
  };

  Partition* find(const TopicPartition& place);
  int judge(const std::vector<StoredRecord>& batch) const;
  void begin(const std::string& id, Producer& producer, Duration timeout);
  void time_out(const std::string& id, std::uint64_t transaction);
  void settle(const std::string& id, Producer& producer, bool commit);
  void mark(std::uint64_t number, const TopicPartition& place);
  void advance(const TopicPartition& place, Partition& partition);

  Environment& environment_;
  Watcher watcher_;
  Timers timers_;
  TimePoint up_at_{};
  Duration markers_most_ = std::chrono::milliseconds(10);
  std::size_t batch_bytes_max_ = 1'000'000;
  std::map<std::string, Log> topics_;
  std::map<std::string, Producer> producers_;
  std::map<std::uint64_t, Transaction> transactions_;
  std::uint64_t next_transaction_ = 1;
};

}  // namespace outrider::simulation
