// A sink that keeps records and its checkpoint in memory; the simplest example of the contract.
#pragma once

#include "connectors/sink.h"

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::memory {

/// A record with its own bytes.
struct StoredRecord {
  std::string topic;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  WallTime timestamp;
  EventId event;
  Ticket ticket;
};

/// Delivers each sealed ticket, records and checkpoint together, at the next step unless a test
/// holds deliveries. What was delivered is the server: it survives abandon(); all else is dropped
/// then. One thread; a test keeps a pointer to the sink that it gave to a pipeline.
class MemorySink final : public Sink {
 public:
  explicit MemorySink(Delivery delivery = Delivery::ExactlyOnce) : delivery_(delivery) {}

  /// What consumers can see, in the order of delivery.
  const std::vector<StoredRecord>& records() const { return records_; }
  const std::optional<Checkpoint>& checkpoint() const { return checkpoint_; }
  void set_checkpoint(std::optional<Checkpoint> checkpoint) { checkpoint_ = std::move(checkpoint); }

  /// Sealed tickets wait until release_deliveries(), as with a broker that does not answer.
  void hold_deliveries() { deliverable_ = 0; }
  /// Lets that many more sealed tickets be delivered.
  void release_deliveries(std::size_t tickets = std::numeric_limits<std::size_t>::max());

  /// The next `offers` calls of offer() return Full.
  void refuse_offers(std::size_t offers) { full_offers_ = offers; }
  /// The next call of offer(), or of step(), returns this error.
  void fail_offer(Error error) { offer_error_ = std::move(error); }
  void fail_step(Error error) { step_error_ = std::move(error); }
  /// The next collect() reports it.
  void fail_delivery(Deliveries::Failure failed) { failed_ = std::move(failed); }
  void set_limits(TicketLimits limits) { limits_ = limits; }

  Result<std::optional<Found>> look(TimePoint now) override;
  Result<std::optional<Found>> open(TimePoint now, const std::optional<Position>&) override;
  TicketLimits limits() const override { return limits_; }
  Result<Offer> offer(const Record& record, Ticket ticket) override;
  Result<Offer> seal(Ticket ticket, const Position& position) override;
  Result<void> step(TimePoint now, Supply supply) override;
  void collect(Deliveries& deliveries) override;
  void abandon() override;
  bool at_rest() override { return true; }
  Wake wake() const override { return {}; }
  const SinkCounters& counters() const override { return counters_; }
  Notices take_notices() override { return {}; }

 private:
  struct Sealed {
    Ticket ticket;
    Position position;
    std::vector<StoredRecord> records;
  };

  void deliver(Sealed sealed, Supply supply);

  const Delivery delivery_;
  TicketLimits limits_ = {.records = 1000, .bytes = 1024 * 1024};
  std::size_t deliverable_ = std::numeric_limits<std::size_t>::max();
  std::size_t full_offers_ = 0;
  std::optional<Error> offer_error_;
  std::optional<Error> step_error_;
  std::optional<Deliveries::Failure> failed_;

  std::vector<StoredRecord> open_;
  std::deque<Sealed> sealed_;
  std::vector<Ticket> delivered_;

  std::vector<StoredRecord> records_;
  std::optional<Checkpoint> checkpoint_;
  SinkCounters counters_;
};

}  // namespace outrider::memory
