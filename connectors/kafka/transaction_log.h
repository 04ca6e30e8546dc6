// What the transaction coordinator's own log says of a transactional id: the topic that holds it,
// key and value of its records as in Kafka's TransactionLogKey.json and TransactionLogValue.json,
// versions 0 and 1. Pure. Used where brokers forgot to finish a transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace outrider::kafka {

inline constexpr auto kTransactionLogTopic = "__transaction_state";

/// The partition with the records of that id, which is ASCII, of `partitions` (1 at least): as in
/// Kafka's TransactionStateManager.partitionFor.
int transaction_log_partition(std::string_view transactional_id, int partitions);

/// Whether the last transaction of an id was committed. One thread; errors are impossible: records
/// of other ids, and what it does not know, prove nothing.
class LastTransaction {
 public:
  explicit LastTransaction(std::string transactional_id)
      : transactional_id_(std::move(transactional_id)) {}

  /// Every record of the partition, in order. No value: a tombstone.
  void note(std::string_view key, std::optional<std::string_view> value);

  /// True if the coordinator decided to commit it. It may be open, aborted or unknown otherwise.
  bool is_committed() const { return is_committed_; }

 private:
  std::string transactional_id_;
  bool is_committed_ = false;
};

}  // namespace outrider::kafka
