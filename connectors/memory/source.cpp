#include "connectors/memory/source.h"

#include <string_view>

namespace outrider::memory {

Result<Source::Standing> MemorySource::acquire(TimePoint) {
  is_held_ = standing_ == Standing::Held;
  if (is_held_) ++counters_.connects;
  return standing_;
}

Result<void> MemorySource::admit(const Position& checkpoint) const {
  OUTRIDER_TRY(const MemoryPosition position, MemoryPosition::unpack(checkpoint));
  if (position.transactions_done > log_.size()) {
    return failure(ErrorKind::Refused, "the checkpoint lies beyond the end of the script");
  }
  return {};
}

std::optional<Position> MemorySource::confirmed_position() const { return confirmed_.pack(); }

Result<std::optional<Source::Plan>> MemorySource::plan(const Found& found, TimePoint) {
  if (!found.keeps_checkpoints) return Plan{.from = confirmed_.pack()};
  if (!found.checkpoint) return Plan{.from = confirmed_.pack(), .write_checkpoint = true};
  OUTRIDER_TRY(const MemoryPosition checkpoint, MemoryPosition::unpack(found.checkpoint->position));
  if (checkpoint < confirmed_) {
    return failure(ErrorKind::Refused, "the script was confirmed beyond the checkpoint");
  }
  return Plan{.from = checkpoint.pack()};
}

Result<bool> MemorySource::start(const Position& from, TimePoint) {
  OUTRIDER_TRY(after_, MemoryPosition::unpack(from));
  before_ = after_;
  counters_.acked_position = after_.transactions_done + 1;
  return true;
}

Result<const Event*> MemorySource::next() {
  if (broken_) return std::unexpected(*std::exchange(broken_, std::nullopt));
  before_ = after_;
  if (after_.transactions_done == log_.size()) return nullptr;
  const Transaction& transaction = log_[after_.transactions_done];
  event_.id = {.transaction = after_.transactions_done + 1, .ordinal = after_.events_done};
  event_.committed_at = transaction.committed_at;
  counters_.received_position = event_.id.transaction;
  if (after_.events_done < transaction.rows.size()) {
    return say_row(transaction.rows[after_.events_done]);
  }
  return say_commit();
}

const Event* MemorySource::say_row(const Row& row) {
  values_.clear();
  for (const std::optional<std::string>& value : row) {
    values_.push_back({.kind = value ? Value::Kind::Text : Value::Kind::Null,
                       .data = value ? std::string_view(*value) : std::string_view(),
                       .timestamp = {}});
    counters_.bytes_received += values_.back().data.size();
  }
  event_.what = RowInserted{.table = &table_, .values = values_};
  ++after_.events_done;
  return &event_;
}

const Event* MemorySource::say_commit() {
  event_.what = Committed{};
  after_ = {.transactions_done = after_.transactions_done + 1, .events_done = 0};
  return &event_;
}

Position MemorySource::position(Edge edge) const {
  return edge == Edge::Before ? before_.pack() : after_.pack();
}

Result<void> MemorySource::confirm(const Position& delivered) {
  OUTRIDER_TRY(const MemoryPosition position, MemoryPosition::unpack(delivered));
  OUTRIDER_ASSERT(position >= confirmed_, "a confirmation never goes backwards");
  confirmed_ = position;
  counters_.confirmed_position = position.transactions_done;
  counters_.acked_position = position.transactions_done + 1;
  return {};
}

Result<void> MemorySource::tick(Now) {
  counters_.server_position = log_.size();
  return {};
}

void MemorySource::release() { is_held_ = false; }

}  // namespace outrider::memory
