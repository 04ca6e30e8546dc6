#include "tests/simulation/kafka_cluster.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider::simulation {
namespace {

constexpr const char* kWho = "kafka";
// How many records of a topic a reader of its end begins with; more if none of them is its own.
constexpr std::size_t kTail = 16;

std::size_t bytes_of(const std::vector<StoredRecord>& batch) {
  std::size_t sum = 0;
  for (const StoredRecord& record : batch) {
    sum += record.key.value_or("").size() + record.value.value_or("").size();
  }
  return sum;
}

}  // namespace

void KafkaCluster::stop_for(Duration down) {
  up_at_ = std::max(up_at_, environment_.clock.steady + down);
  environment_.trace.note(
      kWho, fmt::format("brokers away for {} ms", down / std::chrono::milliseconds(1)));
}

void KafkaCluster::set_cleanup_policy(const std::string& topic, std::string policy) {
  if (const auto found = topics_.find(topic); found != topics_.end()) {
    found->second.cleanup_policy = std::move(policy);
  }
}

void KafkaCluster::add_partition(const std::string& topic) {
  if (const auto found = topics_.find(topic); found != topics_.end()) {
    found->second.partitions.emplace_back();
  }
}

void KafkaCluster::intrude(const std::string& topic, Duration open) {
  const std::string id = "intruder";
  const int epoch = fence(id);
  const StoredRecord record{.key = "another", .value = "", .event = {}};
  if (append(id, epoch, open + open, {.topic = topic, .partition = 0}, {record}) != 0) return;
  timers_.at(environment_.clock.steady + open,
             [this, id, epoch] { static_cast<void>(end(id, epoch, true)); });
}

std::optional<TimePoint> KafkaCluster::open_since(const std::string& prefix) const {
  std::optional<TimePoint> since;
  for (const auto& [id, producer] : producers_) {
    if (producer.open == 0 || !id.starts_with(prefix)) continue;
    const TimePoint began = transactions_.at(producer.open).began;
    since = std::min(since.value_or(began), began);
  }
  return since;
}

KafkaCluster::Topic KafkaCluster::topic(const std::string& name) const {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return {};
  return {.partitions = found->second.partitions.size(),
          .cleanup_policy = found->second.cleanup_policy,
          .batch_bytes_max = batch_bytes_max_};
}

void KafkaCluster::create_topic(const std::string& name, std::size_t partitions,
                                std::string cleanup_policy) {
  Log& log = topics_[name];
  log.partitions.resize(partitions);
  log.cleanup_policy = std::move(cleanup_policy);
  environment_.trace.note(kWho, "created topic " + name);
}

KafkaCluster::Partition* KafkaCluster::find(const TopicPartition& place) {
  const auto found = topics_.find(place.topic);
  if (found == topics_.end() || place.partition >= found->second.partitions.size()) return nullptr;
  return &found->second.partitions[place.partition];
}

int KafkaCluster::fence(const std::string& id) {
  Producer& producer = producers_[id];
  ++producer.epoch;
  environment_.trace.note(kWho, fmt::format("{} fenced, epoch {}", id, producer.epoch));
  if (producer.open != 0) settle(id, producer, false);
  return producer.epoch;
}

bool KafkaCluster::is_settled(const std::string& id) const {
  const auto found = producers_.find(id);
  return found == producers_.end() || found->second.settling == 0;
}

int KafkaCluster::judge(const std::vector<StoredRecord>& batch) const {
  if (bytes_of(batch) > batch_bytes_max_) return kMessageTooLarge;
  const bool is_cursed = std::ranges::any_of(
      batch, [](const StoredRecord& record) { return record.value == kCursed; });
  return is_cursed ? kInvalidRecord : 0;
}

int KafkaCluster::append(const std::string& id, int epoch, Duration timeout,
                         const TopicPartition& place, const std::vector<StoredRecord>& batch) {
  Partition* partition = find(place);
  if (partition == nullptr) return kUnknownTopic;
  std::uint64_t transaction = 0;
  if (!id.empty()) {
    Producer& producer = producers_[id];
    if (producer.epoch != epoch) return kInvalidProducerEpoch;
    if (producer.settling != 0) return kConcurrentTransactions;
    if (const int code = judge(batch)) return code;
    if (producer.open == 0) begin(id, producer, timeout);
    transaction = producer.open;
    transactions_[transaction].unmarked.insert(place);
  } else if (const int code = judge(batch)) {
    return code;
  }
  for (const StoredRecord& record : batch) {
    partition->log.push_back({.transaction = transaction, .record = record});
    if (transaction == 0) {
      watcher_.decided(record);
    } else {
      ++transactions_[transaction].hidden;
    }
  }
  advance(place, *partition);
  return 0;
}

void KafkaCluster::begin(const std::string& id, Producer& producer, Duration timeout) {
  const std::uint64_t number = next_transaction_++;
  producer.open = number;
  transactions_[number].id = id;
  transactions_[number].began = environment_.clock.steady;
  timers_.at(environment_.clock.steady + timeout, [this, id, number] { time_out(id, number); });
}

void KafkaCluster::time_out(const std::string& id, std::uint64_t transaction) {
  Producer& producer = producers_[id];
  if (producer.open != transaction) return;
  if (!is_up()) {
    timers_.at(up_at_, [this, id, transaction] { time_out(id, transaction); });
    return;
  }
  environment_.trace.note(kWho, fmt::format("transaction {} of {} timed out", transaction, id));
  ++producer.epoch;
  settle(id, producer, false);
}

int KafkaCluster::end(const std::string& id, int epoch, bool commit) {
  Producer& producer = producers_[id];
  if (producer.epoch != epoch) return kInvalidProducerEpoch;
  if (producer.open == 0) return 0;
  settle(id, producer, commit);
  return 0;
}

void KafkaCluster::settle(const std::string& id, Producer& producer, bool commit) {
  const std::uint64_t number = std::exchange(producer.open, 0);
  producer.settling = number;
  Transaction& transaction = transactions_[number];
  transaction.fate = commit ? Fate::Committing : Fate::Aborting;
  environment_.trace.note(
      kWho, fmt::format("transaction {} of {} {}", number, id, commit ? "commits" : "aborts"));
  if (commit) {
    for (const TopicPartition& place : transaction.unmarked) {
      const Partition* partition = find(place);
      if (partition == nullptr) continue;
      for (const Entry& entry : partition->log) {
        if (entry.transaction == number) watcher_.decided(entry.record);
      }
    }
  }
  for (const TopicPartition& place : transaction.unmarked) {
    timers_.at(
        environment_.clock.steady + environment_.random.between(Duration::zero(), markers_most_),
        [this, number, place] { mark(number, place); });
  }
}

void KafkaCluster::mark(std::uint64_t number, const TopicPartition& place) {
  if (!is_up()) {
    timers_.at(up_at_, [this, number, place] { mark(number, place); });
    return;
  }
  Transaction& transaction = transactions_[number];
  const bool commit = transaction.fate == Fate::Committing;
  if (Partition* partition = find(place)) {
    partition->marks[number] = commit;
    advance(place, *partition);
  }
  transaction.unmarked.erase(place);
  if (!transaction.unmarked.empty()) return;
  transaction.fate = commit ? Fate::Committed : Fate::Aborted;
  producers_[transaction.id].settling = 0;
}

/// Shows consumers what lies before the first record of an undecided transaction.
void KafkaCluster::advance(const TopicPartition& place, Partition& partition) {
  while (partition.visible_to < partition.log.size()) {
    const Entry& entry = partition.log[partition.visible_to];
    bool committed = true;
    if (entry.transaction != 0) {
      const auto mark = partition.marks.find(entry.transaction);
      if (mark == partition.marks.end()) return;
      committed = mark->second;
    }
    ++partition.visible_to;
    const std::uint64_t transaction = entry.transaction;
    if (committed) watcher_.visible(place, entry.record, transaction);
    if (transaction != 0 && --transactions_[transaction].hidden == 0) {
      watcher_.complete(transaction);
    }
  }
}

KafkaCluster::Tail KafkaCluster::read_committed(const std::string& topic,
                                                const std::string& key) const {
  Tail tail;
  const auto found = topics_.find(topic);
  if (found == topics_.end() || found->second.partitions.empty()) return tail;
  const Partition& partition = found->second.partitions.front();
  tail.is_complete = partition.visible_to == partition.log.size();
  std::size_t begin = partition.visible_to;
  for (std::size_t length = kTail; begin > 0 && tail.records.empty(); length *= kTail) {
    begin = partition.visible_to - std::min(partition.visible_to, length);
    for (std::size_t i = begin; i < partition.visible_to; ++i) {
      const Entry& entry = partition.log[i];
      const bool committed = entry.transaction == 0 || partition.marks.at(entry.transaction);
      if (committed && entry.record.key == key) {
        tail.records.push_back(entry.record.value.value_or(""));
      }
    }
  }
  if (tail.records.size() > kTail) {
    tail.records.erase(tail.records.begin(), tail.records.end() - kTail);
  }
  return tail;
}

}  // namespace outrider::simulation
