#include "tests/conformance/sink_driver.h"

#include <array>
#include <chrono>
#include <span>
#include <stdexcept>

namespace outrider::conformance {

void PrintTo(const PlainRecord& record, std::ostream* out) {
  *out << record.topic << " " << record.key << "=" << record.value.value_or("(none)").substr(0, 40)
       << " at " << record.timestamp_ms;
  for (const auto& [name, value] : record.headers) *out << " " << name << ":" << value;
}

Position position_number(std::uint64_t number) {
  return Position(std::as_bytes(std::span(&number, 1)));
}

std::vector<PlainRecord> some_records(const std::string& topic, int first, int count) {
  // Servers delete what is old.
  static const std::int64_t now_ms = std::chrono::floor<std::chrono::milliseconds>(
                                         std::chrono::system_clock::now().time_since_epoch())
                                         .count();
  std::vector<PlainRecord> records;
  for (int i = first; i < first + count; ++i) {
    records.push_back({.topic = topic,
                       .key = "key " + std::to_string(i % 3),
                       .value = "{\"number\":" + std::to_string(i) + "}",
                       .headers = {{"id", std::to_string(i)}, {"eventType", "created"}},
                       .timestamp_ms = now_ms + i});
  }
  return records;
}

void SinkDriver::run(const std::string& what, const std::function<bool()>& turn,
                     Duration patience) {
  run_until(what, patience, turn, [this] { return sink_.wake(); });
}

Found SinkDriver::look_once(Duration patience) {
  std::optional<Found> found;
  run(
      "the sink has looked",
      [&] {
        found = value_of(sink_.look(read_clocks().steady));
        return found.has_value();
      },
      patience);
  return *found;
}

Found SinkDriver::open(Duration patience) {
  std::optional<Found> found;
  run(
      "the sink is open",
      [&] {
        found = value_of(sink_.open(read_clocks().steady, std::nullopt));
        return found.has_value();
      },
      patience);
  return *found;
}

Found SinkDriver::look() {
  return again_while_not_ready(kPatience, [this] { return look_once(kPatience); });
}

Found SinkDriver::look_for(const Position& position) {
  const TimePoint deadline = read_clocks().steady + kPatience;
  while (true) {
    Found found = look();
    const bool is_it = found.checkpoint && found.checkpoint->position == position;
    if (is_it || !found.keeps_checkpoints || read_clocks().steady > deadline) return found;
    abandon();
  }
}

Found SinkDriver::start(Duration patience) {
  return again_while_not_ready(patience, [this, patience] {
    look_once(patience);
    return open(patience);
  });
}

Found SinkDriver::again_while_not_ready(Duration patience, const std::function<Found()>& find) {
  const TimePoint deadline = read_clocks().steady + patience;
  while (true) {
    try {
      return find();
    } catch (const Failed& failed) {
      const bool is_passing = failed.error.kind == ErrorKind::Unavailable ||
                              failed.error.kind == ErrorKind::Interrupted;
      if (!is_passing || read_clocks().steady > deadline) throw;
      abandon();
    }
  }
}

Sink::Offer SinkDriver::offer_once(const PlainRecord& record) {
  std::vector<Header> headers;
  for (const auto& [name, value] : record.headers) {
    headers.push_back({.name = name, .value = value});
  }
  if (!open_) {
    open_ = Ticket{next_ticket_++};
    records_in_open_ = 0;
  }
  const Record offered{
      .topic = record.topic,
      .key = record.key,
      .value = record.value,
      .headers = headers,
      .partition = {},
      .timestamp = WallTime(std::chrono::milliseconds(record.timestamp_ms)),
      .event = {.transaction = static_cast<std::uint64_t>(*open_), .ordinal = records_in_open_}};
  const Sink::Offer offer = value_of(sink_.offer(offered, *open_));
  if (offer == Sink::Offer::Taken) ++records_in_open_;
  return offer;
}

void SinkDriver::offer(const PlainRecord& record) {
  if (offer_once(record) == Sink::Offer::Taken) return;
  run("there is room for a record", [&] {
    step(Supply::More);
    return offer_once(record) == Sink::Offer::Taken;
  });
}

void SinkDriver::offer(const std::vector<PlainRecord>& records) {
  for (const PlainRecord& record : records) offer(record);
}

Sink::Offer SinkDriver::seal_once(const Position& position) {
  if (!open_) open_ = Ticket{next_ticket_++};
  const Sink::Offer offer = value_of(sink_.seal(*open_, position));
  if (offer == Sink::Offer::Full) return offer;
  under_way_.insert(*open_);
  open_.reset();
  return offer;
}

void SinkDriver::seal(const Position& position) {
  if (seal_once(position) == Sink::Offer::Taken) return;
  run("there is room for a seal", [&] {
    step(Supply::More);
    return seal_once(position) == Sink::Offer::Taken;
  });
}

void SinkDriver::step(Supply supply) {
  value_of(sink_.step(read_clocks().steady, supply));
  collect();
}

void SinkDriver::collect() {
  Deliveries deliveries;
  sink_.collect(deliveries);
  if (deliveries.failed) throw Failed(deliveries.failed->error);
  for (const Ticket ticket : deliveries.delivered) {
    if (under_way_.erase(ticket) == 0) {
      throw std::runtime_error("ticket " + std::to_string(static_cast<std::uint64_t>(ticket)) +
                               " was reported, but is not under way");
    }
    ++delivered_;
  }
}

void SinkDriver::deliver(Supply supply, Duration patience) {
  run(
      "all tickets are delivered",
      [&] {
        step(supply);
        return all_delivered();
      },
      patience);
}

void SinkDriver::deliver(const std::vector<PlainRecord>& records, const Position& position) {
  offer(records);
  seal(position);
  deliver();
}

void SinkDriver::abandon(Duration patience) {
  sink_.abandon();
  open_.reset();
  under_way_.clear();
  run("the sink is at rest", [&] { return sink_.at_rest(); }, patience);
}

}  // namespace outrider::conformance
