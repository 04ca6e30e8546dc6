// Brings about in a database what a pipeline needs: schema, outbox table, function, publication,
// slot, grants. Used by `outrider setup`.
#pragma once

#include "connectors/postgres/setup/setup_plan.h"
#include "relay/base/error.h"

#include <functional>
#include <string>
#include <vector>

namespace outrider::postgres {

/// Connects with the owner's dsn and does what is not yet there; blocks until done. Safe to repeat,
/// also after a failure half-way, and by several at once. `say` gets one line for each thing, done
/// or already there. The errors that hindered it; none if all is well. Before the first change
/// everything that can be known to be wrong has been looked for.
std::vector<Error> run_setup(const std::string& owner_dsn, const SetupPlan& plan,
                             const std::function<void(const std::string& line)>& say);

}  // namespace outrider::postgres
