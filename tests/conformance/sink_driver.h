// Drives a sink through its calls as the pipeline does, and watches over its reports. Used by the
// conformance suite of sinks.
#pragma once

#include "connectors/sink.h"
#include "tests/conformance/runner.h"
#include "tests/conformance/sink_suite.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace outrider::conformance {

/// A position that no other call of it gives.
Position position_number(std::uint64_t number);

/// `count` records that differ, from `first` on.
std::vector<PlainRecord> some_records(const std::string& topic, int first, int count);

/// Errors are exceptions of type Failed. A ticket that is reported twice, or that is not under way,
/// is one, too. At most one driver per sink.
class SinkDriver {
 public:
  explicit SinkDriver(Sink& sink) : sink_(sink) {}

  /// A server that is not ready for a moment is asked again, as the pipeline does.
  Found look();
  /// look() until the checkpoint there says that position: a server may show it a moment after it
  /// said that all is delivered. What is there when patience ends, if it never does.
  Found look_for(const Position& position);
  /// After look().
  Found open(Duration patience = kPatience);
  /// look() and open(), both again if need be.
  Found start(Duration patience = kPatience);

  /// Offers it under the open ticket, which is a new one if there is none.
  Sink::Offer offer_once(const PlainRecord& record);
  void offer(const PlainRecord& record);
  void offer(const std::vector<PlainRecord>& records);
  Sink::Offer seal_once(const Position& position);
  void seal(const Position& position);

  /// A step and its reports.
  void step(Supply supply = Supply::Dry);
  /// Steps until every sealed ticket is delivered.
  void deliver(Supply supply = Supply::Dry, Duration patience = kPatience);
  /// offer(), seal(), deliver().
  void deliver(const std::vector<PlainRecord>& records, const Position& position);

  bool all_delivered() const { return under_way_.empty(); }
  std::size_t delivered() const { return delivered_; }

  /// abandon() until at_rest().
  void abandon(Duration patience = kPatience);

 private:
  void run(const std::string& what, const std::function<bool()>& turn,
           Duration patience = kPatience);
  Found look_once(Duration patience);
  Found again_while_not_ready(Duration patience, const std::function<Found()>& find);
  void collect();

  Sink& sink_;
  std::uint64_t next_ticket_ = 1;
  std::optional<Ticket> open_;
  std::uint64_t records_in_open_ = 0;
  std::set<Ticket> under_way_;  // Sealed and not reported.
  std::size_t delivered_ = 0;   // Tickets.
};

}  // namespace outrider::conformance
