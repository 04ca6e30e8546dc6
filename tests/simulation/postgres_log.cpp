#include "tests/simulation/postgres_log.h"

#include <fmt/format.h>

#include <utility>

namespace outrider::simulation {
namespace {

constexpr std::uint64_t kAlignment = 8;  // Of records, see Postgres, MAXALIGN.
// Small, so that a history that was restored or cut often repeats positions exactly.
constexpr std::uint64_t kCommitSizeMost = 6;
constexpr std::uint64_t kChangesSizeMost = 40;
constexpr std::uint64_t kGapSizeMost = 500;

}  // namespace

LogRecord& PostgresLog::append(Random& random, LogRecord::Kind kind, std::uint64_t size_most) {
  LogRecord& record = records_.emplace_back();
  record.kind = kind;
  record.committed.final_lsn = end_;
  end_.value += kAlignment * random.between(4, size_most);
  record.committed.end_lsn = end_;
  return record;
}

Committed PostgresLog::commit(Random& random, WallTime at, std::size_t catalog,
                              std::vector<Change> changes) {
  if (!random.once_in(4)) append(random, LogRecord::Kind::Other, kChangesSizeMost);
  LogRecord& record = append(random, LogRecord::Kind::Commit, kCommitSizeMost);
  record.committed.xid = next_xid_++;
  record.committed.at = at;
  record.catalog = catalog;
  record.transaction = transactions_.size();
  transactions_.push_back({.committed = record.committed, .changes = std::move(changes)});
  return record.committed;
}

Committed PostgresLog::commit_without_changes(Random& random, LogRecord::Kind kind, WallTime at,
                                              std::size_t catalog) {
  if (!random.once_in(4)) append(random, LogRecord::Kind::Other, kChangesSizeMost);
  LogRecord& record = append(random, kind, kCommitSizeMost);
  record.committed.xid = next_xid_++;
  record.committed.at = at;
  record.catalog = catalog;
  return record.committed;
}

void PostgresLog::roll_back(Random& random, std::size_t catalog) {
  append(random, LogRecord::Kind::Other, kChangesSizeMost);
  LogRecord& record = append(random, LogRecord::Kind::RolledBack, kCommitSizeMost);
  record.committed.xid = next_xid_++;
  record.catalog = catalog;
}

void PostgresLog::grow(Random& random) { append(random, LogRecord::Kind::Other, kGapSizeMost); }

std::size_t PostgresLog::begin_timeline(std::size_t records) {
  std::size_t catalogs_lost = 0;
  while (records_.size() > records) {
    const LogRecord& last = records_.back();
    if (last.committed.xid != 0) next_xid_ = last.committed.xid;
    if (last.kind == LogRecord::Kind::Commit) transactions_.pop_back();
    if (last.kind == LogRecord::Kind::Catalog) ++catalogs_lost;
    end_ = last.committed.final_lsn;
    records_.pop_back();
  }
  history_ +=
      fmt::format("{}\t{}\tno recovery target specified\n", timeline_, postgres::to_string(end_));
  ++timeline_;
  return catalogs_lost;
}

}  // namespace outrider::simulation
