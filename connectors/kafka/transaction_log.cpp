#include "connectors/kafka/transaction_log.h"

#include <cstddef>
#include <cstdint>

namespace outrider::kafka {
namespace {

constexpr std::size_t kVersionSize = 2;
// Behind the version, the producer's id and epoch, and the transaction's time-out.
constexpr std::size_t kStateAt = kVersionSize + 8 + 2 + 4;
constexpr std::uint16_t kNewestVersion = 1;

// TransactionState.java. Empty (0) and what an abort goes through (3, 5, 7) follow on any of them.
constexpr std::uint8_t kOngoing = 1;
constexpr std::uint8_t kPrepareCommit = 2;
constexpr std::uint8_t kCompleteCommit = 4;

std::uint16_t version_of(std::string_view record) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(record[0]) << 8 |
                                    static_cast<std::uint8_t>(record[1]));
}

/// The key of the id's records: version 0, and a string.
std::string key_of(std::string_view transactional_id) {
  const auto size = static_cast<std::uint16_t>(transactional_id.size());
  std::string key = {0, 0, static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)};
  return key.append(transactional_id);
}

}  // namespace

int transaction_log_partition(std::string_view transactional_id, int partitions) {
  // Java's String.hashCode; Kafka's Utils.abs takes the smallest number for 0.
  std::uint32_t hash = 0;
  for (const char c : transactional_id) hash = 31 * hash + static_cast<std::uint8_t>(c);
  const std::int64_t value = static_cast<std::int32_t>(hash);
  if (value == INT32_MIN) return 0;
  return static_cast<int>((value < 0 ? -value : value) % partitions);
}

void LastTransaction::note(std::string_view key, std::optional<std::string_view> value) {
  if (key != key_of(transactional_id_)) return;
  if (!value || value->size() <= kStateAt || version_of(*value) > kNewestVersion) {
    is_committed_ = false;
    return;
  }
  const auto state = static_cast<std::uint8_t>((*value)[kStateAt]);
  if (state == kPrepareCommit || state == kCompleteCommit) is_committed_ = true;
  if (state == kOngoing) is_committed_ = false;
}

}  // namespace outrider::kafka
