// The delivery ledger: which tickets are in flight, and what may be confirmed. Used by the
// pipeline.
#pragma once

#include "connectors/event.h"
#include "connectors/position.h"
#include "connectors/sink.h"
#include "relay/base/time.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace outrider {

/// An event, and when it was committed in the source.
struct CommittedEvent {
  EventId id;
  WallTime committed_at;
};

/// Keeps the tickets of one run of a pipeline, in order. A ticket is opened, sealed with a
/// position, and delivered; what may be confirmed is the position of the last ticket of the
/// contiguous delivered prefix, never backwards. Pure; one thread.
class DeliveryLedger {
 public:
  /// Opens the next ticket, for `first` and what follows it. The ticket before must be sealed.
  Ticket open(const CommittedEvent& first);
  /// The same for a ticket that will hold no event: a position alone.
  Ticket open_without_events();

  /// All records of the open ticket were offered; `position` is that after the last of them.
  void seal(const Position& position, std::uint64_t records, std::uint64_t bytes);

  /// Takes back the open ticket, of which the sink took nothing.
  void cancel();

  /// The sink made the ticket durable. Returns what it held; no value for a ticket that is not in
  /// the ledger (a late report of an abandoned run), is not sealed, or was delivered before.
  struct Delivered {
    WallTime committed_at;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
  };
  std::optional<Delivered> delivered(Ticket ticket);

  /// The new end of the contiguous delivered prefix; no value if it did not move since last time.
  std::optional<Position> take_confirmable();

  /// Forgets every ticket; their reports are unknown from now on.
  void clear();

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

  /// The oldest event that is not delivered; no value when all are.
  std::optional<CommittedEvent> oldest() const;

 private:
  enum class State : std::uint8_t { Open, Sealed, Delivered };
  struct Entry {
    State state = State::Open;
    std::optional<CommittedEvent> first;  // No value: holds no event.
    Delivered holds;
    Position position;
  };

  Ticket open(Entry entry);

  std::deque<Entry> entries_;
  std::uint64_t first_ = 1;  // The ticket of entries_.front().
  std::optional<Position> confirmable_;
};

}  // namespace outrider
