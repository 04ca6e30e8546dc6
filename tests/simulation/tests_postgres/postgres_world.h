// A simulated Postgres, real Postgres sources that read from it, and checkpoints as a sink would
// keep them; used by the tests of the simulated server.
#pragma once

#include "connectors/postgres/position.h"
#include "connectors/postgres/source.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/postgres_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace outrider::simulation {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

inline PostgresShape usual_shape(int major = 15) {
  PostgresShape shape;
  shape.major = major;
  shape.tables.push_back({.name = "audit"});
  return shape;
}

inline postgres::Options usual_options() {
  postgres::Options options;
  options.slot = "outrider_orders";
  options.publication = "outrider_orders";
  return options;
}

/// A relay whose sink is a list of ids: every complete transaction is durable at once.
class Reader {
 public:
  Reader(Environment& environment, PostgresServer& server, int number,
         std::optional<Position> checkpoint = std::nullopt)
      : environment_(environment),
        source_(usual_options(), server.connector(number, usual_options())),
        checkpoint_(std::move(checkpoint)) {}

  const std::vector<std::string>& ids() const { return ids_; }
  const std::optional<Position>& checkpoint() const { return checkpoint_; }
  postgres::PostgresPosition reached() const {
    return *postgres::PostgresPosition::unpack(*checkpoint_);
  }
  /// Why it will not go on.
  const std::string& refusal() const { return refusal_; }
  const std::vector<std::string>& errors() const { return errors_; }
  const Notices& notices() const { return notices_; }
  bool streams() const { return stage_ == Stage::Stream; }
  bool stands_by() const { return stands_by_; }
  /// False: what is read is not confirmed to the server.
  bool confirms = true;

  bool is_due() const {
    if (!refusal_.empty()) return false;
    if (news_ || wake_.at() <= environment_.clock.steady) return true;
    return std::ranges::any_of(wake_.descriptors(), [&](const Wake::Descriptor& descriptor) {
      return environment_.descriptors.is_ready(descriptor);
    });
  }
  TimePoint next_event() const { return refusal_.empty() ? wake_.at() : TimePoint::max(); }

  void step() {
    news_ = false;
    if (const Result<void> done = advance(); !done) fail(done.error());
    for (Notice& notice : source_.take_notices()) notices_.push_back(std::move(notice));
    if (stage_ == Stage::Pause) {
      wake_ = {};
      wake_.by(resumes_at_);
      return;
    }
    wake_ = source_.wake(Source::Reading::Yes);
  }

 private:
  enum class Stage { Acquire, Plan, Start, Stream, Pause };

  void fail(const Error& error) {
    environment_.trace.note("reader", error.what);
    source_.release();
    unfinished_.clear();
    if (error.kind == ErrorKind::Unavailable || error.kind == ErrorKind::Interrupted) {
      errors_.push_back(error.what);
      stage_ = Stage::Pause;
      resumes_at_ = environment_.clock.steady + 200ms;
    } else {
      refusal_ = error.what;
    }
  }

  Result<void> advance() {
    const TimePoint now = environment_.clock.steady;
    if (stage_ == Stage::Pause) {
      if (now < resumes_at_) return {};
      stage_ = Stage::Acquire;
    }
    if (stage_ == Stage::Acquire) {
      OUTRIDER_TRY(const Source::Standing standing, source_.acquire(now));
      stands_by_ = standing == Source::Standing::Standby;
      if (standing != Source::Standing::Held) return source_.tick(environment_.clock.now());
      stage_ = Stage::Plan;
    }
    if (stage_ == Stage::Plan) {
      OUTRIDER_TRY(const bool planned, plan());
      if (!planned) return source_.tick(environment_.clock.now());
      stage_ = Stage::Start;
    }
    if (stage_ == Stage::Start) {
      OUTRIDER_TRY(const bool streams, source_.start(*checkpoint_, now));
      if (!streams) return source_.tick(environment_.clock.now());
      stage_ = Stage::Stream;
    }
    OUTRIDER_TRY(read());
    return source_.tick(environment_.clock.now());
  }

  Result<bool> plan() {
    Found found;
    if (checkpoint_) {
      OUTRIDER_TRY(source_.admit(*checkpoint_));
      found.checkpoint = Checkpoint{.position = *checkpoint_};
    }
    OUTRIDER_TRY(const std::optional<Source::Plan> plan,
                 source_.plan(found, environment_.clock.steady));
    if (plan) checkpoint_ = plan->from;
    return plan.has_value();
  }

  Result<void> read() {
    while (true) {
      OUTRIDER_TRY(const Event* event, source_.next());
      if (event == nullptr) return {};
      if (const auto* row = std::get_if<RowInserted>(&event->what)) {
        if (row->table->name == "outbox") unfinished_.emplace_back(row->values[0].data);
      }
      const bool is_whole = std::holds_alternative<Committed>(event->what) ||
                            std::holds_alternative<Idle>(event->what);
      if (!is_whole) continue;
      checkpoint_ = source_.position(Source::Edge::After);
      ids_.insert(ids_.end(), unfinished_.begin(), unfinished_.end());
      unfinished_.clear();
      if (confirms) OUTRIDER_TRY(source_.confirm(*checkpoint_));
    }
  }

  using Committed = outrider::Committed;

  Environment& environment_;
  postgres::PostgresSource source_;
  Stage stage_ = Stage::Acquire;
  bool news_ = true;
  bool stands_by_ = false;
  TimePoint resumes_at_;
  Wake wake_;
  std::optional<Position> checkpoint_;
  std::vector<std::string> unfinished_;
  std::vector<std::string> ids_;
  std::string refusal_;
  std::vector<std::string> errors_;
  Notices notices_;
};

class PostgresWorld {
 public:
  explicit PostgresWorld(std::uint64_t seed, PostgresShape shape = usual_shape())
      : environment(seed), server(environment, std::move(shape)) {
    environment.trace.keep(true);
    server.set_up(usual_options());
  }

  Reader& start_reader(std::optional<Position> checkpoint = std::nullopt) {
    readers.push_back(
        std::make_unique<Reader>(environment, server, ++readers_made_, std::move(checkpoint)));
    return *readers.back();
  }
  /// kill -9 of the last one.
  void kill_reader(PostgresServer::Noticed noticed = PostgresServer::Noticed::AtOnce) {
    server.drop_client(readers_made_, noticed);
    readers.pop_back();
  }

  Change event() {
    ++events_;
    const std::string id = fmt::format("{:08x}-0000-4000-8000-{:012x}", events_, events_);
    return {.values = {id, "order", "key-1", "changed", R"({"n": 1})"}};
  }
  void commit(std::size_t count = 1) {
    std::vector<Change> changes;
    for (std::size_t i = 0; i < count; ++i) {
      changes.push_back(event());
      if (environment.random.once_in(5)) {
        changes.push_back({.kind = Change::Kind::Update, .table = 1, .values = event().values});
      }
    }
    server.commit(std::move(changes));
  }
  void anything() {
    switch (environment.random.below(6)) {
      case 0:
        server.roll_back({event()});
        break;
      case 1:
        server.commit_elsewhere();
        break;
      case 2:
        server.commit_unpublished();
        break;
      default:
        commit(environment.random.between(1, 5));
    }
  }

  void run_for(Duration duration) {
    run_until(duration, [] { return false; });
  }
  /// False if it has not come true by then.
  template <typename Condition>
  bool run_until(Duration duration, Condition condition) {
    const TimePoint end = environment.clock.steady + duration;
    while (!condition()) {
      server.step();
      bool ran = false;
      for (const auto& reader : readers) {
        if (!reader->is_due()) continue;
        reader->step();
        ++steps;
        environment.clock.pass(environment.random.between(1us, 60us));
        ran = true;
      }
      if (ran) continue;
      const TimePoint now = environment.clock.steady;
      if (now >= end) return condition();
      TimePoint next = std::min(end, server.next_event());
      for (const auto& reader : readers) next = std::min(next, reader->next_event());
      environment.clock.pass(std::max(next - now, Duration(1us)));
    }
    return true;
  }

  std::vector<std::string> committed_ids() const {
    std::vector<std::string> ids;
    for (const Transaction& transaction : server.transactions()) {
      for (const Change& change : transaction.changes) {
        if (change.table == 0 && change.kind == Change::Kind::Insert) {
          ids.push_back(*change.values[0]);
        }
      }
    }
    return ids;
  }
  bool read_all(const Reader& reader) const { return reader.ids() == committed_ids(); }

  Environment environment;
  PostgresServer server;
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<std::unique_ptr<Reader>> frozen;  ///< SIGSTOP: they exist, but never run.
  std::uint64_t steps = 0;

 private:
  int readers_made_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace outrider::simulation
