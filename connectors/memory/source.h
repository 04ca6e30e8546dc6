// A source that says what a test wrote down; the simplest example of the contract.
#pragma once

#include "connectors/memory/position.h"
#include "connectors/source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::memory {

/// The values of a row in the order of the table's columns; no value is NULL.
using Row = std::vector<std::optional<std::string>>;

/// A transaction that inserts rows into the table.
struct Transaction {
  std::vector<Row> rows;
  WallTime committed_at{};
};

/// Says the transactions of a script in order, each as its rows and a Committed. Everything is
/// ready at once, so there is nothing to wait for. The script is the server: it survives release(),
/// and so does what was confirmed. One thread; a test keeps a pointer to the source that it gave to
/// a pipeline.
class MemorySource final : public Source {
 public:
  explicit MemorySource(Table table) : table_(std::move(table)) { table_.version = 1; }

  /// Adds to the end of the log.
  void commit(Transaction transaction) { log_.push_back(std::move(transaction)); }
  /// What acquire() answers from now on.
  void set_standing(Standing standing) { standing_ = standing; }
  /// The next call of next() returns this error, as a lost connection would.
  void break_stream(Error error) { broken_ = std::move(error); }
  /// Up to where the source was told to forget.
  const MemoryPosition& confirmed() const { return confirmed_; }
  bool is_held() const { return is_held_; }

  Result<Standing> acquire(TimePoint now) override;
  Result<void> admit(const Position& checkpoint) const override;
  std::optional<Position> confirmed_position() const override;
  Result<std::optional<Plan>> plan(const Found& found, TimePoint now) override;
  Result<bool> start(const Position& from, TimePoint now) override;
  Result<const Event*> next() override;
  Position position(Edge edge) const override;
  Result<void> confirm(const Position& delivered) override;
  Result<void> tick(Now now) override;
  void release() override;
  Wake wake(Reading) const override { return {}; }
  const SourceCounters& counters() const override { return counters_; }
  const PositionFormat& position_format() const override { return format_; }
  Notices take_notices() override { return {}; }

 private:
  const Event* say_row(const Row& row);
  const Event* say_commit();

  Table table_;
  std::vector<Transaction> log_;
  Standing standing_ = Standing::Held;
  std::optional<Error> broken_;
  MemoryPosition confirmed_;
  bool is_held_ = false;

  MemoryPosition before_;  // The last event's edges; after_ is where to go on.
  MemoryPosition after_;
  Event event_;
  std::vector<Value> values_;

  MemoryPositionFormat format_;
  SourceCounters counters_;
};

}  // namespace outrider::memory
