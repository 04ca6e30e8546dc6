// A simulated Postgres server as relays and services meet it; used by the simulation's world.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/lsn.h"
#include "connectors/postgres/options.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/postgres_instance.h"
#include "tests/simulation/postgres_log.h"
#include "tests/simulation/postgres_shape.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulation {

class PostgresLink;
class PostgresSession;

/// Speaks through connectors/postgres/connection.h with real bytes, to any number of relays. Time
/// passes only through Environment; all that is by chance comes from its Random. One thread.
/// While it is down, services wait: what they commit is the first thing in the log after its start.
class PostgresServer {
 public:
  using Committed = simulation::Committed;
  using Transaction = simulation::Transaction;

  PostgresServer(Environment& environment, PostgresShape shape);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Connections of relay number `relay`. Neither the connector nor its connections may outlive the
  /// server.
  std::unique_ptr<postgres::Connector> connector(int relay, const postgres::Options& options);
  enum class Noticed {
    AtOnce,  ///< The process died: its sessions end now.
    Later,   ///< The host vanished: locks and slot stay until the server's time-outs, 30 s.
  };
  /// Call it before the relay's connections are destroyed.
  void drop_client(int relay, Noticed noticed);

  // Services.
  /// One transaction in the pipeline's database.
  Committed commit(std::vector<Change> changes);
  void roll_back(const std::vector<Change>& changes);
  void commit_elsewhere();    ///< In another database.
  void commit_unpublished();  ///< In the pipeline's database, in another table.

  // Time.
  /// Lets sessions and walsenders do what is due.
  void step();
  /// When something is due without news from a client; TimePoint::max(): nothing.
  TimePoint next_event() const;

  // Faults.
  /// All processes die. What was committed survives; the slot's position goes back to what is on
  /// disk.
  void crash(Duration down);
  /// `pg_ctl stop -m fast`, then a start: sessions end at once, walsenders when their clients have
  /// confirmed everything.
  void shut_down(Duration down);
  /// A connection breaks, by chance in the middle of a message, and not for both ends at once.
  void disconnect(Random& random);
  /// Nothing is answered or sent for so long.
  void stall(Duration duration);
  /// pg_terminate_backend() of those that have replication connections.
  void terminate_walsender();

  // Operators.
  /// Publication, slot and the row in outrider.slot, with the names from `options`.
  void set_up(const postgres::Options& options);
  void drop_slot();
  void advance_slot();  ///< To the end of the log.
  void recreate_slot();
  void lose_slot();  ///< Its log is removed: wal_status "lost".
  void recreate_publication();
  void drop_publication();
  void uncover_table();  ///< The outbox leaves the publication.
  void cover_table();
  /// Another client streams from the slot as soon as it is free, and confirms nothing.
  void occupy_slot(Duration duration);

  // Failover and restore.
  /// A standby is promoted: the next timeline, with a copy of the slot that may be older.
  /// `loses_log`: the newest transactions had not reached it.
  void fail_over(bool loses_log);
  struct Snapshot;
  std::shared_ptr<const Snapshot> snapshot() const;
  /// The disk is as it was. Same timeline, same system; positions and xids are given anew.
  void restore(const Snapshot& snapshot);

  // For the checker.
  /// Of the present history, pipeline's database only, in commit order.
  const std::vector<Transaction>& transactions() const { return instance_.disk.log.transactions(); }
  /// 0 without a slot.
  postgres::Lsn confirmed_flush() const;
  postgres::Lsn wal_end() const { return instance_.disk.log.end(); }
  bool is_shutting_down() const { return stopping_.has_value(); }
  /// Shutdowns that waited a minute for a client.
  std::uint64_t shutdowns_that_hung() const { return shutdowns_that_hung_; }

  // For connections.
  std::shared_ptr<PostgresLink> connect(int relay, postgres::Connection::Kind kind,
                                        const postgres::Options& options);
  int version_number() const { return instance_.version_number(); }

 private:
  enum class Refusal { Unreachable, StartingUp };
  struct Stopping {
    Duration down{};
    TimePoint hangs_at;
  };

  void admit(PostgresLink& link);
  void sweep();
  void step_occupier();
  void step_shutdown();
  void finish_shutdown();
  void start();
  void go_down(Duration down);
  void end_walsenders_of_slot();
  void let_go_of_slot();
  bool is_down() const { return instance_.now() < up_at_; }

  PostgresInstance instance_;
  std::vector<std::shared_ptr<PostgresLink>> links_;        // In the order of their beginning.
  std::vector<std::unique_ptr<PostgresSession>> sessions_;  // Likewise.
  TimePoint stalled_until_{};
  TimePoint up_at_{};
  bool was_down_ = false;
  TimePoint promoted_at_{};
  Refusal refusal_ = Refusal::Unreachable;
  std::optional<Stopping> stopping_;
  std::optional<TimePoint> occupied_until_;
  TimePoint occupier_tries_at_{};
  int occupier_pid_ = 0;
  std::uint64_t shutdowns_that_hung_ = 0;
};

}  // namespace outrider::simulation
