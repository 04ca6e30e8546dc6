#include "connectors/memory/sink.h"

#include <iterator>

namespace outrider::memory {
namespace {

std::optional<std::string> copy(const std::optional<std::string_view>& text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

StoredRecord store(const Record& record, Ticket ticket) {
  StoredRecord stored{.topic = std::string(record.topic),
                      .key = copy(record.key),
                      .value = copy(record.value),
                      .headers = {},
                      .timestamp = record.timestamp,
                      .event = record.event,
                      .ticket = ticket};
  for (const Header& header : record.headers) {
    stored.headers.emplace_back(header.name, copy(header.value));
  }
  return stored;
}

}  // namespace

void MemorySink::release_deliveries(std::size_t tickets) {
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  deliverable_ = tickets > most - deliverable_ ? most : deliverable_ + tickets;
}

Result<std::optional<Found>> MemorySink::look(TimePoint) {
  return Found{.keeps_checkpoints = true, .checkpoint = checkpoint_};
}

Result<std::optional<Found>> MemorySink::open(TimePoint now, const std::optional<Position>&) {
  return look(now);
}

Result<Sink::Offer> MemorySink::offer(const Record& record, Ticket ticket) {
  if (offer_error_) {
    ++counters_.errors_record;
    return std::unexpected(*std::exchange(offer_error_, std::nullopt));
  }
  if (full_offers_ > 0) {
    --full_offers_;
    return Offer::Full;
  }
  open_.push_back(store(record, ticket));
  ++counters_.records_in_flight;
  counters_.bytes_in_flight += record.bytes();
  return Offer::Taken;
}

Result<Sink::Offer> MemorySink::seal(Ticket ticket, const Position& position) {
  sealed_.push_back({.ticket = ticket, .position = position, .records = std::exchange(open_, {})});
  return Offer::Taken;
}

Result<void> MemorySink::step(TimePoint, Supply supply) {
  if (step_error_) return std::unexpected(*std::exchange(step_error_, std::nullopt));
  constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();
  while (!sealed_.empty() && deliverable_ > 0) {
    deliver(std::move(sealed_.front()), supply);
    sealed_.pop_front();
    if (deliverable_ != kEverything) --deliverable_;
  }
  return {};
}

void MemorySink::deliver(Sealed sealed, Supply supply) {
  counters_.records_delivered += sealed.records.size();
  counters_.records_in_flight -= sealed.records.size();
  if (counters_.records_in_flight == 0) counters_.bytes_in_flight = 0;
  ++counters_.transactions_committed;
  ++counters_.checkpoints_written;
  records_.insert(records_.end(), std::make_move_iterator(sealed.records.begin()),
                  std::make_move_iterator(sealed.records.end()));
  checkpoint_ = Checkpoint{.position = sealed.position,
                           .written_by = delivery_,
                           .clean = supply == Supply::Closing && sealed_.size() == 1};
  delivered_.push_back(sealed.ticket);
}

void MemorySink::collect(Deliveries& deliveries) {
  deliveries.delivered.insert(deliveries.delivered.end(), delivered_.begin(), delivered_.end());
  delivered_.clear();
  if (failed_) deliveries.failed = std::exchange(failed_, std::nullopt);
}

void MemorySink::abandon() {
  if (!open_.empty() || !sealed_.empty()) ++counters_.transactions_aborted;
  open_.clear();
  sealed_.clear();
  delivered_.clear();
  failed_.reset();
  counters_.records_in_flight = 0;
  counters_.bytes_in_flight = 0;
}

}  // namespace outrider::memory
