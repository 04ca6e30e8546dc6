// When the Kafka sink commits (exactly_once) or writes a checkpoint (at_least_once).
#include "connectors/kafka/checkpoint_record.h"
#include "connectors/kafka/sink.h"

#include <utility>

namespace outrider::kafka {
namespace {

// While more events keep coming, a transaction grows to its limits, but not for longer than this.
constexpr Duration kSealedWaitMost = std::chrono::milliseconds(100);
// at_least_once: what is acknowledged but has no checkpoint yet repeats after a crash.
constexpr Duration kCheckpointInterval = std::chrono::milliseconds(200);

}  // namespace

bool KafkaSink::is_grown() const {
  return sealed_too_long_ || counters_.records_in_flight >= options_.transaction_records_max ||
         counters_.bytes_in_flight >= options_.transaction_bytes_max;
}

// Steps may always fall inside a ticket: without this a transaction would grow for ever.
bool KafkaSink::must_commit_first() const {
  if (!exactly_once() || sealed_ == 0 || !is_grown()) return false;
  return tickets_.back().sealed || tickets_.back().records == 0;
}

void KafkaSink::commit_if_due(TimePoint now, Supply supply) {
  due_at_.reset();
  if (stage_ != Stage::Ready || sealed_ == 0) return;
  if (!sealed_since_) sealed_since_ = now;
  sealed_too_long_ = now >= *sealed_since_ + kSealedWaitMost;
  // An open ticket's records would become visible without a position after them.
  if (!tickets_.back().sealed && tickets_.back().records > 0) return;
  // A client that is busy wakes us by itself.
  if (client_->busy()) return;
  if (supply != Supply::More || is_grown()) {
    commit();
  } else {
    due_at_ = *sealed_since_ + kSealedWaitMost;
  }
}

void KafkaSink::commit() {
  const Position& position = tickets_[sealed_ - 1].position;
  client_->submit(CommitJob{write_checkpoint({.position = position,
                                              .written_by = Delivery::ExactlyOnce,
                                              .clean = true,
                                              .generation = generation_},
                                             format_)});
  stage_ = Stage::Committing;
}

void KafkaSink::note_committed() {
  ++counters_.transactions_committed;
  ++counters_.checkpoints_written;
  while (sealed_ > 0) deliver_front();
  sealed_since_.reset();
  sealed_too_long_ = false;
  stage_ = Stage::Ready;
}

Result<void> KafkaSink::write_checkpoint_if_due(TimePoint now, Supply supply) {
  due_at_.reset();
  if (stage_ != Stage::Ready || checkpoint_under_way_) return {};
  if (tickets_.empty()) return {};
  const bool closing = supply == Supply::Closing;
  if (!closing && now < checkpoint_written_at_ + kCheckpointInterval) {
    due_at_ = checkpoint_written_at_ + kCheckpointInterval;
    return {};
  }
  std::size_t covered = 0;
  for (const TicketInFlight& entry : tickets_) {
    if (!entry.sealed || entry.acknowledged < entry.records) break;
    ++covered;
  }
  if (covered == 0) return {};
  // Clean only if nothing can have been delivered after it.
  const bool clean = closing && covered == tickets_.size();
  OUTRIDER_TRY(const bool written, produce_checkpoint({.position = tickets_[covered - 1].position,
                                                       .written_by = Delivery::AtLeastOnce,
                                                       .clean = clean,
                                                       .generation = generation_}));
  if (!written) return {};
  covered_ = covered;
  checkpoint_written_at_ = now;
  return {};
}

Result<bool> KafkaSink::produce_checkpoint(const Checkpoint& checkpoint) {
  switch (client_->produce_checkpoint(write_checkpoint(checkpoint, format_), kCheckpointTag)) {
    case Client::Produced::QueueFull:
      return false;
    case Client::Produced::Failed:
      note_error(client_->last_error());
      return std::unexpected(to_error(client_->last_error(), "write the checkpoint"));
    case Client::Produced::Taken:
      break;
  }
  checkpoint_under_way_ = true;
  return true;
}

void KafkaSink::note_checkpoint_acknowledged() {
  ++counters_.checkpoints_written;
  checkpoint_under_way_ = false;
  opening_checkpoint_ = false;
  for (; covered_ > 0; --covered_) deliver_front();
}

}  // namespace outrider::kafka
