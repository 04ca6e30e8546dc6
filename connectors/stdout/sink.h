// Prints records as lines of JSON, to look at an outbox without Kafka. Made by the registry, driven
// by the pipeline.
#pragma once

#include "connectors/sink.h"
#include "connectors/stdout/options.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::standard_output {

/// Keeps no checkpoints: the source's own position counts, and after a crash lines may repeat.
/// A ticket is delivered once its lines are written. Never blocks: it writes as much as the
/// descriptor takes, and is Full when a slow reader leaves too much behind. A reader that went away
/// is Refused, because nobody would see what comes.
class StdoutSink final : public Sink {
 public:
  explicit StdoutSink(Options options) : options_(options) {}

  Result<std::optional<Found>> look(TimePoint now) override;
  Result<std::optional<Found>> open(TimePoint now, const std::optional<Position>&) override;
  TicketLimits limits() const override;
  Result<Offer> offer(const Record& record, Ticket ticket) override;
  Result<Offer> seal(Ticket ticket, const Position& position) override;
  Result<void> step(TimePoint now, Supply supply) override;
  void collect(Deliveries& deliveries) override;
  void abandon() override;
  bool at_rest() override { return true; }
  Wake wake() const override;
  const SinkCounters& counters() const override { return counters_; }
  Notices take_notices() override { return {}; }

 private:
  struct Sealed {
    Ticket ticket;
    std::uint64_t written_up_to = 0;  // Delivered when that many bytes are written.
    std::uint64_t records = 0;
  };

  Result<void> write_some();
  void settle();

  const Options options_;
  std::string pending_;
  std::size_t pending_begin_ = 0;  // What of pending_ is written already.
  bool inside_line_ = false;       // What was written last does not end a line.
  std::uint64_t bytes_written_ = 0;
  std::uint64_t records_open_ = 0;
  std::deque<Sealed> sealed_;
  std::vector<Ticket> delivered_;
  SinkCounters counters_;
};

}  // namespace outrider::standard_output
