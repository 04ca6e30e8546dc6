// The write-ahead log of the simulated Postgres: what was committed where, and its timelines; used
// by the simulated server.
#pragma once

#include "connectors/postgres/lsn.h"
#include "relay/base/time.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/postgres_shape.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outrider::simulation {

struct Committed {
  postgres::Lsn final_lsn;  ///< Where the commit record begins.
  postgres::Lsn end_lsn;    ///< Where it ends.
  std::uint32_t xid = 0;
  WallTime at;
};

struct Transaction {
  Committed committed;
  std::vector<Change> changes;
};

/// One record, or some that are decoded as one.
struct LogRecord {
  enum class Kind {
    Other,        ///< Changes without their commit, checkpoints, what another database wrote, …
    RolledBack,   ///< The end of a transaction that was never committed.
    Commit,       ///< Of a transaction with changes of the pipeline's tables.
    Unpublished,  ///< The commit of a transaction that changed only other tables of the database.
    Catalog,      ///< The commit of a transaction that changed only the catalogs.
  };
  Kind kind = Kind::Other;
  Committed committed;
  std::size_t transaction = 0;  ///< Commit: place in PostgresLog::transactions().
  std::size_t catalog = 0;      ///< The version of the catalogs that it is decoded with.
};

/// A value: a copy is a snapshot. Positions only rise; after a cut or a restored copy they repeat.
class PostgresLog {
 public:
  postgres::Lsn end() const { return end_; }
  const std::vector<LogRecord>& records() const { return records_; }
  /// Of the pipeline's database and tables, in commit order.
  const std::vector<Transaction>& transactions() const { return transactions_; }
  std::uint32_t timeline() const { return timeline_; }
  /// As TIMELINE_HISTORY gives it: lines "timeline<TAB>lsn<TAB>reason".
  const std::string& history() const { return history_; }
  std::uint32_t next_xid() const { return next_xid_; }

  /// By chance the changes were written long before their commit.
  Committed commit(Random& random, WallTime at, std::size_t catalog, std::vector<Change> changes);
  Committed commit_without_changes(Random& random, LogRecord::Kind kind, WallTime at,
                                   std::size_t catalog);
  void roll_back(Random& random, std::size_t catalog);
  /// What nobody decodes.
  void grow(Random& random);

  /// A new timeline begins after the first `records`; what follows is lost. Returns how many
  /// changes of the catalogs were among it.
  std::size_t begin_timeline(std::size_t records);

 private:
  LogRecord& append(Random& random, LogRecord::Kind kind, std::uint64_t size_most);

  postgres::Lsn end_{0x150'0000};
  std::uint32_t next_xid_ = 740;
  std::uint32_t timeline_ = 1;
  std::string history_;
  std::vector<LogRecord> records_;
  std::vector<Transaction> transactions_;
};

}  // namespace outrider::simulation
