#include "relay/core/ledger.h"

#include "relay/base/assert.h"

namespace outrider {

Ticket DeliveryLedger::open(WallTime committed_at) {
  OUTRIDER_ASSERT(entries_.empty() || entries_.back().state != State::Open,
                  "one ticket is open at a time");
  entries_.emplace_back().holds.committed_at = committed_at;
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

std::optional<WallTime> DeliveryLedger::oldest() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.front().holds.committed_at;
}

}  // namespace outrider
