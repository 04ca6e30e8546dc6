// The SQL of `outrider setup`, as text; used by setup.cpp, which runs it, and printed for people
// who run it themselves. Pure.
#pragma once

#include "connectors/postgres/setup/setup_plan.h"

#include <string>
#include <vector>

namespace outrider::postgres {

/// One thing that setup brings about.
struct SetupStep {
  /// A boolean expression that, if true, is why the step is left out.
  struct Exception {
    std::string when;
    std::string reason;
  };
  std::string subject;  ///< `table "public"."outbox"`
  std::string present;  ///< A boolean expression: true if it is there already.
  std::string create;   ///< The statement that makes it; fails if it is there.
  std::vector<Exception> exceptions = {};
};

/// Everything before the slot, in order. The publication comes before the slot: decoding looks a
/// publication up as it was when a row was written.
std::vector<SetupStep> setup_steps(const SetupPlan& plan);

/// True if the slot exists.
std::string slot_present(const SetupPlan& plan);
/// One row, one column: the statement that creates the slot on this server's version. To be run as
/// a transaction of its own that has not written.
std::string slot_statement_query(const SetupPlan& plan);
/// Notes what the new slot is, and how many rows came before it. An upper bound: rows committed
/// between the slot and the count are counted too.
std::string note_slot(const SetupPlan& plan);

/// The whole for psql, safe to repeat.
std::string setup_script(const SetupPlan& plan);

/// The largest payload that a new outbox table takes, in bytes of what the relay sends.
inline constexpr int kPayloadBytesMax = 900'000;

}  // namespace outrider::postgres
