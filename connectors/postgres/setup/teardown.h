// Takes out of a database what setup brought in, and says first what that loses. Used by
// `outrider teardown`.
#pragma once

#include "connectors/postgres/options.h"
#include "connectors/postgres/setup/blocking_session.h"
#include "relay/base/error.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outrider::postgres {

enum class OutboxTables { Keep, Drop };

struct TeardownPlan {
  Options relay;         ///< Slot, publication and tables of the pipeline.
  std::string database;  ///< Its name.
  std::string role;      ///< The relay's; empty if it is not known.
  OutboxTables tables = OutboxTables::Keep;
};

/// One thing that is there.
struct TeardownStep {
  std::string subject;         ///< `slot "outrider_orders"`
  std::string loss;            ///< What goes with it; may be empty.
  std::string statement = {};  ///< What drops it; empty: it is kept.
};

/// As long as this lives, no relay can be active on the slot. One thread; blocks.
class Teardown {
 public:
  /// Connects as the owner and takes the slot's lock. Unavailable, with who it is, while a relay
  /// holds it; Misconfigured if the dsn leads to another database.
  static Result<std::unique_ptr<Teardown>> begin(const std::string& owner_dsn, TeardownPlan plan);

  /// What is there, in the order in which it goes. Changes nothing.
  Result<std::vector<TeardownStep>> look();

  /// Drops it; `done` is told of each. Each statement is a transaction of its own: after a failure
  /// half-way, begin again.
  Result<void> drop(const std::vector<TeardownStep>& steps,
                    const std::function<void(const TeardownStep&)>& done);

  /// Unavailable if the lock may be gone.
  Result<void> prove_held();

 private:
  Teardown(const std::string& owner_dsn, TeardownPlan plan)
      : session_(owner_dsn), plan_(std::move(plan)) {}
  Result<void> connect();
  Result<void> take_lock();
  Result<Rows> ask(const std::string& query, const std::string& subject);
  Result<std::string> text(const std::string& query, const std::string& subject);
  Result<void> look_at_slot(std::vector<TeardownStep>& steps);
  std::string undelivered();
  Result<void> look_at_schema(std::vector<TeardownStep>& steps);
  Result<void> look_at_whole_schema(std::vector<TeardownStep>& steps);
  Result<void> look_at_tables(std::vector<TeardownStep>& steps);

  BlockingSession session_;
  TeardownPlan plan_;
};

}  // namespace outrider::postgres
