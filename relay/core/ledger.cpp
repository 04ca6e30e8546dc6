#include "relay/core/ledger.h"

#include "relay/base/assert.h"

#include <utility>

namespace outrider {

Ticket DeliveryLedger::open(const CommittedEvent& first) {
  return open(Entry{.first = first, .holds = {.committed_at = first.committed_at}, .position = {}});
}

Ticket DeliveryLedger::open_without_events() { return open(Entry{}); }

Ticket DeliveryLedger::open(Entry entry) {
  OUTRIDER_ASSERT(entries_.empty() || entries_.back().state != State::Open,
                  "one ticket is open at a time");
  entries_.push_back(std::move(entry));
  return Ticket{first_ + entries_.size() - 1};
}

void DeliveryLedger::seal(const Position& position, std::uint64_t records, std::uint64_t bytes) {
  OUTRIDER_ASSERT(!entries_.empty() && entries_.back().state == State::Open,
                  "only an open ticket can be sealed");
  Entry& entry = entries_.back();
  entry.state = State::Sealed;
  entry.holds.records = records;
  entry.holds.bytes = bytes;
  entry.position = position;
}

void DeliveryLedger::cancel() {
  OUTRIDER_ASSERT(!entries_.empty() && entries_.back().state == State::Open,
                  "only an open ticket can be cancelled");
  entries_.pop_back();
}

std::optional<DeliveryLedger::Delivered> DeliveryLedger::delivered(Ticket ticket) {
  const auto number = static_cast<std::uint64_t>(ticket);
  if (number < first_ || number >= first_ + entries_.size()) return std::nullopt;
  Entry& entry = entries_[number - first_];
  if (entry.state != State::Sealed) return std::nullopt;
  entry.state = State::Delivered;
  const Delivered delivered = entry.holds;
  while (!entries_.empty() && entries_.front().state == State::Delivered) {
    confirmable_ = entries_.front().position;
    entries_.pop_front();
    ++first_;
  }
  return delivered;
}

std::optional<Position> DeliveryLedger::take_confirmable() {
  std::optional<Position> taken = confirmable_;
  confirmable_.reset();
  return taken;
}

void DeliveryLedger::clear() {
  first_ += entries_.size();
  entries_.clear();
  confirmable_.reset();
}

std::optional<CommittedEvent> DeliveryLedger::oldest() const {
  for (const Entry& entry : entries_) {
    if (entry.first && entry.state != State::Delivered) return entry.first;
  }
  return std::nullopt;
}

}  // namespace outrider
