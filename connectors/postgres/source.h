// The Postgres source: tails a logical replication slot. Made by the registry, driven by the
// pipeline.
#pragma once

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/options.h"
#include "connectors/postgres/position.h"
#include "connectors/postgres/start_rules.h"
#include "connectors/postgres/stream_reader.h"
#include "connectors/source.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace outrider::postgres {

/// Two connections: the stream, which also holds the advisory lock that makes this instance the
/// owner, and an ordinary one to watch the catalogs, whose end tells that the server shuts down.
/// Pure but for the connections given to it; see Source for the order of calls.
class PostgresSource final : public Source {
 public:
  PostgresSource(Options options, std::unique_ptr<Connector> connector);

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
  Wake wake(Reading reading) const override;
  const SourceCounters& counters() const override { return counters_; }
  const PositionFormat& position_format() const override { return format_; }
  Notices take_notices() override { return std::exchange(notices_, {}); }

  /// Like plan(), without a checkpoint: true once it is proved that the lock is still held.
  Result<bool> prove_held(TimePoint now);
  /// What was read last; complete while held, in standby without the system's identity. Lives as
  /// long as the source, and changes with its calls.
  StartFacts facts() const {
    return {.options = options_, .system = system_, .server = facts_, .setup = setup_};
  }

 private:
  static constexpr Duration kStepTimeout = std::chrono::seconds(10);
  static constexpr std::string_view kNothing = "SELECT 1";
  // Held connections are spoken to, and the catalogs are looked at, this often.
  static constexpr Duration kKeepAliveInterval = std::chrono::seconds(10);
  static constexpr Duration kWatchInterval = std::chrono::seconds(10);

  enum class Step {
    Idle,
    ConnectWatch,   // The ordinary connection.
    QueryOwner,     // Is anyone else the owner?
    Standby,        // Someone is; ask again at next_look_.
    ConnectStream,  // The replication connection.
    Lock,
    Identify,
    History,
    QueryFacts,  // Under the lock: what the start is decided from.
    QuerySetup,
    Held,
    FinishBeforePlan,  // The lock is to be proved, but a keep-alive query is still under way.
    ProveLock,
    FinishKeepAlive,  // The stream is wanted, but a keep-alive query is still under way.
    BeginStream,
    QueryStarted,  // The slot as it is after START_REPLICATION.
    Streaming,
  };

  // Becoming the owner (source_acquire.cpp), step by step.
  /// True once `goal` is reached.
  Result<bool> advance_to(Step goal, const char* act, TimePoint now);
  Result<void> advance(TimePoint now);
  void move_to(Step step, std::optional<TimePoint> deadline);
  /// Sends a query whose answer the next step waits for.
  Result<void> ask(Step step, Connection& connection, std::string_view query, TimePoint now);
  Result<void> connect_watch(TimePoint now);
  Result<void> judge_owner(TimePoint now);
  Result<void> connect_stream(TimePoint now);
  Result<void> take_lock(TimePoint now);
  Result<void> identify(TimePoint now);
  Result<void> read_history(TimePoint now);
  Result<void> read_facts(TimePoint now);
  Result<void> read_setup(TimePoint now);
  void stand_by(TimePoint now);
  void note_owners_progress(const SlotFacts& slot);
  void hold(TimePoint now);

  // Starting (source_start.cpp), step by step.
  Result<void> ask_for_lock(TimePoint now);
  Result<void> prove_lock(TimePoint now);
  Result<void> request_stream(TimePoint now);
  Result<void> begin_stream(TimePoint now);
  Result<void> judge_started(TimePoint now);
  Result<void> hear_why_the_stream_ended();

  // Streaming (source.cpp).
  Result<std::optional<ServerFacts>> facts_answer();
  void note_facts(const ServerFacts& facts);
  void forget_slot();
  void forget_server();
  void judge_rate(TimePoint now);
  Result<void> watch(Now now);
  Result<void> keep_alive(TimePoint now);
  Result<bool> take_keep_alive_answers();
  void raise_flush();
  Result<void> send_status(Now now);
  Result<void> check_warnings();
  void note_warning(const std::string& warning);
  TimePoint status_due() const;
  bool waits_for_watch() const;
  bool waits_for_stream() const;

  const Options options_;
  std::unique_ptr<Connector> connector_;
  PostgresPositionFormat format_;
  std::unique_ptr<Connection> watch_;
  std::unique_ptr<Connection> stream_;

  Step step_ = Step::Idle;
  std::optional<TimePoint> deadline_;  // Of the current step.
  bool is_standby_ = false;
  bool is_crowded_ = false;  // The server has no connection left for us; it was said.
  TimePoint next_look_;
  SystemIdentity system_;
  ServerFacts facts_;
  std::optional<SetupFacts> setup_;
  std::int64_t stream_pid_ = 0;
  PostgresPosition from_;
  std::optional<StreamReader> reader_;

  bool watch_is_busy_ = false;   // A query is under way while holding or streaming.
  bool stream_is_busy_ = false;  // A keep-alive query is under way while holding.
  TimePoint next_watch_;
  bool look_due_ = false;    // Nothing is read until the catalogs were looked at.
  bool look_asked_ = false;  // The query under way was asked since.
  bool must_read_ = false;   // A look has ended.
  TimePoint next_keep_alive_;
  Lsn durable_;  // In the sink.
  Lsn flush_;    // What the server may forget.
  Lsn flush_sent_;
  Lsn write_sent_;
  bool reply_due_ = false;
  TimePoint status_sent_at_;
  TimePoint rate_window_end_;
  std::uint64_t rate_window_bytes_ = 0;  // Received before the window began.
  bool is_behind_ = false;
  Now last_tick_;

  SourceCounters counters_;
  Notices notices_;
};

}  // namespace outrider::postgres
