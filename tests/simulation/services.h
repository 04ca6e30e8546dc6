// The services of a simulated run: what they commit, and what the oracle is told of it. Used by the
// world.
#pragma once

#include "relay/core/dead_letters.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/postgres_server.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outrider::simulation {

/// What topics take at once where services write poisoned rows; some of these are larger.
constexpr std::size_t kPoisonedBatchBytesMax = 4000;

class Services {
 public:
  Services(Environment& environment, PostgresServer& postgres, Oracle& oracle)
      : environment_(environment), postgres_(postgres), oracle_(oracle) {}

  /// What relays do with rows that make no record; before the first of them.
  void expect_of_bad_events(BadEventPolicy policy) { bad_event_ = policy; }

  /// Commits, rolls back, or writes where no relay looks.
  void act();
  void commit_huge();
  /// A transaction with one row that makes no record.
  void commit_poisoned();
  /// After a failover or a restore.
  void tell_history();

 private:
  Change event(std::string aggregate);
  Change other_change();
  std::vector<Change> changes(std::size_t most);
  void commit(std::vector<Change> changes);
  /// A transaction as consumers should see it.
  CommittedEvents events_of(const PostgresServer::Transaction& transaction) const;

  Environment& environment_;
  PostgresServer& postgres_;
  Oracle& oracle_;
  BadEventPolicy bad_event_ = BadEventPolicy::Halt;
  std::uint64_t next_event_ = 1;
};

}  // namespace outrider::simulation
