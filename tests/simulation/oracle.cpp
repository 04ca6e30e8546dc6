#include "tests/simulation/oracle.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider::simulation {

void Oracle::violated(const std::string& what) {
  environment_.trace.note("VIOLATION", what);
  if (!violation_) violation_ = what;
}

void Oracle::expect(const CommittedEvents& transaction) {
  transactions_.push_back(transaction);
  is_held_ = is_held_ || transaction.is_poisoned || transaction.is_gap;
  if (transaction.is_gap) return;
  if (!is_held_ && !transaction.events.empty()) last_event_end_ = transaction.end_lsn;
  for (const CommittedEvents::Event& event : transaction.events) {
    present_[event.id] = {.key = event.key,
                          .transaction = transactions_.size() - 1,
                          .is_held = is_held_,
                          .is_dead_letter = event.is_dead_letter};
    ever_.insert(event.id);
    // What follows a poisoned transaction or a gap waits until an operator acts.
    if (is_held_ || seen_.contains(event.id)) continue;
    outstanding_[event.key].push_back(event.id);
    ++outstanding_count_;
  }
}

void Oracle::committed(CommittedEvents transaction) {
  transaction.is_gap = not_said_ && !transaction.events.empty();
  expect(transaction);
}

void Oracle::history_is(const std::vector<CommittedEvents>& transactions) {
  transactions_.clear();
  present_.clear();
  outstanding_.clear();
  outstanding_count_ = 0;
  confirmed_transactions_ = 0;
  is_held_ = false;
  last_event_end_ = {};
  for (const CommittedEvents& transaction : transactions) expect(transaction);
}

void Oracle::forgotten_by_operator(postgres::Lsn up_to) {
  forgotten_ = std::max(forgotten_, up_to);
}

void Oracle::decided(const StoredRecord& record) {
  if (!record.event.empty()) decided_.insert(record.event);
}

void Oracle::visible(const TopicPartition& place, const StoredRecord& record,
                     std::uint64_t transaction) {
  if (record.event.empty()) return;
  environment_.trace.note(
      "consumer", fmt::format("{}[{}] event {}", place.topic, place.partition, record.event));
  if (!ever_.contains(record.event)) {
    violated("event " + record.event + " was never committed");
    return;
  }
  if (transaction != 0) seen_in_[transaction].insert(record.event);
  if (!seen_.insert(record.event).second) {
    if (!repeats_allowed_) violated("event " + record.event + " was seen twice");
    return;
  }
  const auto known = present_.find(record.event);
  if (known == present_.end()) return;  // Published before the database lost it.
  if (known->second.is_held) {
    // Without Kafka transactions what was sent beside the bad event cannot be taken back.
    if (transaction != 0) {
      violated("event " + record.event + " was seen in spite of what holds it back");
    }
    return;
  }
  if (known->second.is_dead_letter != (place.topic == kDeadLetterTopic)) {
    violated(fmt::format("event {} was seen in topic {}", record.event, place.topic));
    return;
  }
  std::deque<std::string>& waiting = outstanding_[known->second.key];
  if (waiting.empty() || waiting.front() != record.event) {
    violated(fmt::format("event {} was seen before {} of the same key", record.event,
                         waiting.empty() ? "none" : waiting.front()));
    return;
  }
  waiting.pop_front();
  --outstanding_count_;
}

void Oracle::complete(std::uint64_t transaction) {
  const auto found = seen_in_.find(transaction);
  if (found == seen_in_.end()) return;
  for (const std::string& id : found->second) {
    const auto known = present_.find(id);
    if (known == present_.end()) continue;
    const CommittedEvents& whole = transactions_[known->second.transaction];
    if (whole.events.size() > whole_up_to_ || whole.end_lsn <= splittable_) continue;
    const auto missing = std::ranges::find_if(
        whole.events, [&](const auto& event) { return !seen_.contains(event.id); });
    if (missing == whole.events.end()) continue;
    violated(fmt::format("event {} was seen without {} of the same transaction", id, missing->id));
    break;
  }
  seen_in_.erase(found);
}

void Oracle::confirmed(postgres::Lsn flush) {
  while (confirmed_transactions_ < transactions_.size()) {
    const CommittedEvents& transaction = transactions_[confirmed_transactions_];
    if (transaction.end_lsn > flush) return;
    ++confirmed_transactions_;
    if (transaction.end_lsn <= forgotten_ || transaction.is_gap) continue;
    for (const CommittedEvents::Event& event : transaction.events) {
      if (decided_.contains(event.id)) continue;
      violated(fmt::format("{} was confirmed, but event {} of {} is not durable",
                           postgres::to_string(flush), event.id,
                           postgres::to_string(transaction.end_lsn)));
      return;
    }
  }
}

std::string Oracle::next_outstanding() const {
  for (const auto& [key, waiting] : outstanding_) {
    if (!waiting.empty()) return waiting.front();
  }
  return {};
}

}  // namespace outrider::simulation
