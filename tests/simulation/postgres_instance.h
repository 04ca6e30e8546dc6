// The state of one simulated Postgres instance: what is on its disk and what its processes share.
// Used by the simulated server, its sessions and walsenders.
#pragma once

#include "connectors/postgres/lsn.h"
#include "connectors/postgres/options.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/postgres_log.h"
#include "tests/simulation/postgres_shape.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::simulation {

struct Publication {
  std::uint32_t oid = 0;
  /// The oid of the membership of each table of the shape; 0: not covered.
  std::vector<std::uint32_t> members;
};

/// The catalogs as of a place in the log.
struct Catalog {
  std::optional<Publication> publication;
};

struct Slot {
  postgres::Lsn confirmed;
  postgres::Lsn persisted;  ///< What `confirmed` is after a crash.
  postgres::Lsn restart;    ///< Where decoding begins; at or before both.
  bool is_lost = false;
};

/// The row of outrider.slot.
struct SetupRow {
  postgres::Lsn consistent_point;
};

/// A value: a copy is a snapshot of the disk.
struct PostgresDisk {
  PostgresLog log;
  std::vector<Catalog> catalogs = {Catalog{}};  ///< All versions; the last one is the present one.
  std::uint32_t next_oid = 16'500;
  std::string publication_name;
  std::string slot_name;
  std::optional<Slot> slot;
  std::optional<SetupRow> setup;
  std::size_t first_record = 0;  ///< Of the log after setup; no failover loses more.
};

/// Which process has the slot.
struct SlotUse {
  int pid = 0;
  std::string application;
};

class PostgresInstance {
 public:
  PostgresInstance(Environment& environment_given, PostgresShape shape_given)
      : environment(environment_given), shape(std::move(shape_given)) {}
  PostgresInstance(const PostgresInstance&) = delete;
  PostgresInstance& operator=(const PostgresInstance&) = delete;

  Environment& environment;
  const PostgresShape shape;
  PostgresDisk disk;
  std::map<std::string, int> locks;  ///< Advisory ones: the slot's name and the owner's pid.
  std::optional<SlotUse> slot_use;
  int walsenders = 0;
  int next_pid = 4'000;
  bool in_recovery = false;
  /// The log as it is when the server shuts down; walsenders go no further.
  std::optional<postgres::Lsn> stopping_at;

  TimePoint now() const { return environment.clock.steady; }
  Random& random() { return environment.random; }
  void note(const std::string& what) const;
  std::size_t catalog() const { return disk.catalogs.size() - 1; }
  std::uint32_t timeline() const { return disk.log.timeline() - (in_recovery ? 1U : 0U); }
  /// As TIMELINE_HISTORY tells it; empty: there is no such file.
  std::string history(std::uint32_t of_timeline) const;
  int version_number() const { return shape.major * 10'000 + 8; }

  /// The answer to facts_query(), as JSON.
  std::string facts(const postgres::Options& options) const;
  /// The answer to setup_query().
  std::string setup_row() const;
  /// A client has everything up to there. Now and then the slot is written to disk.
  void confirm(postgres::Lsn flush);
  /// Changes the catalogs: a transaction of its own.
  void change_catalog(Catalog catalog);
  void create_publication();
  void create_slot();
};

}  // namespace outrider::simulation
