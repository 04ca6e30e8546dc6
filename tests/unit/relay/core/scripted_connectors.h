// A source that says what a test wrote down and a sink that delivers when the test says so; used by
// the pipeline's tests.
#pragma once

#include "connectors/sink.h"
#include "connectors/source.h"

#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::testing {

/// A position is the number of events done, so that tests can read it.
inline Position position_at(std::uint64_t events_done) {
  std::array<std::byte, sizeof events_done> bytes{};
  std::memcpy(bytes.data(), &events_done, sizeof events_done);
  return Position(bytes);
}

inline std::uint64_t events_done(const Position& position) {
  std::uint64_t number = 0;
  std::memcpy(&number, position.bytes().data(), sizeof number);
  return number;
}

class NumberFormat final : public PositionFormat {
 public:
  std::string to_json(const Position& position) const override {
    return std::to_string(events_done(position));
  }
  Result<Position> from_json(std::string_view json) const override {
    return position_at(std::stoull(std::string(json)));
  }
  bool is_further(const Position& position, const Position& other) const override {
    return events_done(position) > events_done(other);
  }
};

/// One scripted event; an outbox row unless `special` says otherwise.
struct Scripted {
  std::uint64_t transaction = 0;
  std::string id;
  std::optional<std::string> key = "k";
  std::optional<decltype(Event::what)> special = {};
  WallTime committed_at{std::chrono::seconds(1)};
};

class ScriptedSource final : public Source {
 public:
  std::vector<Scripted> script;
  std::size_t ready = SIZE_MAX;  ///< How many events of the script the source has so far.
  Standing standing = Standing::Held;
  std::optional<Error> admit_error;
  std::optional<Error> next_error;
  std::vector<std::uint64_t> confirmed;
  int acquired = 0;
  int released = 0;
  bool write_first_checkpoint = false;

  Result<Standing> acquire(TimePoint) override {
    ++acquired;
    return standing;
  }
  Result<void> admit(const Position&) const override {
    if (admit_error) return std::unexpected(*admit_error);
    return {};
  }
  std::optional<Position> confirmed_position() const override { return std::nullopt; }
  Result<std::optional<Plan>> plan(const Found& found, TimePoint) override {
    if (found.checkpoint) return Plan{.from = found.checkpoint->position};
    return Plan{.from = position_at(0), .write_checkpoint = write_first_checkpoint};
  }
  Result<bool> start(const Position& from, TimePoint) override {
    said_ = events_done(from);
    acknowledge(said_);
    return true;
  }
  Result<const Event*> next() override {
    if (next_error) return std::unexpected(*std::exchange(next_error, std::nullopt));
    if (said_ >= std::min(ready, script.size())) return nullptr;
    const Scripted& scripted = script[said_++];
    event_.id = {.transaction = scripted.transaction, .ordinal = said_};
    event_.xid = 700 + scripted.transaction;
    event_.committed_at = scripted.committed_at;
    if (scripted.special) {
      event_.what = *scripted.special;
      return &event_;
    }
    values_ = {text(scripted.id), text("order"), scripted.key ? text(*scripted.key) : Value{},
               text("created"), text("payload of " + scripted.id)};
    event_.what = RowInserted{.table = &table_, .values = values_};
    return &event_;
  }
  Position position(Edge edge) const override {
    return position_at(edge == Edge::After ? said_ : said_ - 1);
  }
  Result<void> confirm(const Position& delivered) override {
    confirmed.push_back(events_done(delivered));
    acknowledge(confirmed.back());
    return {};
  }
  Result<void> tick(Now) override { return {}; }
  void release() override { ++released; }
  Wake wake(Reading) const override { return {}; }
  const SourceCounters& counters() const override { return counters_; }
  const PositionFormat& position_format() const override { return format_; }
  Notices take_notices() override { return {}; }

  /// So many events of the script are durable in the sink, whoever delivered them.
  void acknowledge(std::uint64_t count) {
    if (count == 0) return;
    const Scripted& last = script[count - 1];
    const bool is_whole = last.special && std::holds_alternative<Committed>(*last.special);
    counters_.acked_position = last.transaction + (is_whole ? 1 : 0);
  }
  /// Rows are of a table without it.
  void lose_column(const std::string& name) { std::erase(table_.columns, name); }

 private:
  Value text(std::string data) {
    texts_[next_text_] = std::move(data);
    const Value value{.kind = Value::Kind::Text, .data = texts_[next_text_], .timestamp = {}};
    next_text_ = (next_text_ + 1) % texts_.size();
    return value;
  }

  Table table_{.schema = "public",
               .name = "outbox",
               .columns = {"id", "aggregatetype", "aggregateid", "type", "payload"},
               .version = 1};
  std::array<std::string, 16> texts_;
  std::size_t next_text_ = 0;
  std::vector<Value> values_;
  std::uint64_t said_ = 0;
  Event event_;
  SourceCounters counters_;
  NumberFormat format_;
};

class ScriptedSink final : public Sink {
 public:
  struct Offered {
    std::string id;
    Ticket ticket;
    std::string topic;
    bool has_value = false;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  struct Sealed {
    Ticket ticket;
    std::uint64_t position = 0;
  };

  std::optional<Checkpoint> checkpoint;
  TicketLimits ticket_limits{.records = 100, .bytes = 1 << 20};
  std::vector<Offered> offered;
  std::deque<Sealed> sealed;       ///< Not yet delivered.
  std::vector<std::string> calls;  ///< look, open, abandon, in order.
  std::vector<Supply> supplies;
  bool delivers_at_once = true;
  bool is_full = false;
  bool has_room_after_step = false;  ///< `is_full` ends with the next step.
  bool rests = true;                 ///< What at_rest() says.
  int rests_asked = 0;
  std::function<std::optional<Error>(const std::string& id)> reject = [](const std::string&) {
    return std::nullopt;
  };
  std::function<bool(const Record&)> refuses = [](const Record&) { return false; };
  std::optional<Error> step_error;
  std::optional<Deliveries::Failure> failure_to_report;

  Result<std::optional<Found>> look(TimePoint) override {
    calls.push_back("look");
    return Found{.checkpoint = checkpoint};
  }
  Result<std::optional<Found>> open(TimePoint, const std::optional<Position>&) override {
    calls.push_back("open");
    return Found{.checkpoint = checkpoint};
  }
  TicketLimits limits() const override { return ticket_limits; }
  Result<Offer> offer(const Record& record, Ticket ticket) override {
    const std::string id(record.headers[0].value.value_or(""));
    if (auto error = reject(id)) return std::unexpected(*error);
    if (refuses(record)) return failure(ErrorKind::BadEvent, "refused", "mend it");
    if (is_full) return Offer::Full;
    Offered taken{.id = id,
                  .ticket = ticket,
                  .topic = std::string(record.topic),
                  .has_value = record.value.has_value(),
                  .headers = {}};
    for (const Header& header : record.headers) {
      taken.headers.emplace_back(header.name, header.value.value_or(""));
    }
    offered.push_back(std::move(taken));
    return Offer::Taken;
  }
  Result<Offer> seal(Ticket ticket, const Position& position) override {
    if (is_full) return Offer::Full;
    sealed.push_back({ticket, events_done(position)});
    return Offer::Taken;
  }
  Result<void> step(TimePoint, Supply supply) override {
    supplies.push_back(supply);
    if (has_room_after_step) is_full = false;
    if (step_error) return std::unexpected(*std::exchange(step_error, std::nullopt));
    if (delivers_at_once) deliver(sealed.size());
    return {};
  }
  void collect(Deliveries& deliveries) override {
    for (const Ticket ticket : std::exchange(delivered_, {})) {
      deliveries.delivered.push_back(ticket);
    }
    deliveries.failed = std::exchange(failure_to_report, std::nullopt);
  }
  void abandon() override {
    calls.push_back("abandon");
    sealed.clear();
    delivered_.clear();
  }
  bool at_rest() override {
    ++rests_asked;
    return rests;
  }
  Wake wake() const override {
    Wake wake;
    if (!rests) wake.by(TimePoint::min());
    return wake;
  }
  const SinkCounters& counters() const override { return counters_; }
  Notices take_notices() override { return {}; }

  /// Makes the oldest `count` sealed tickets durable, with the checkpoint of the last.
  void deliver(std::size_t count) {
    for (; count > 0 && !sealed.empty(); --count) {
      checkpoint = Checkpoint{.position = position_at(sealed.front().position)};
      delivered_.push_back(sealed.front().ticket);
      sealed.pop_front();
    }
  }

 private:
  std::vector<Ticket> delivered_;
  SinkCounters counters_;
};

}  // namespace outrider::testing
