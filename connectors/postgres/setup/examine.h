// Looks at a server as a relay would find it, and changes nothing. Used by `outrider check
// --connect`.
#pragma once

#include "connectors/finding.h"
#include "connectors/postgres/examination.h"
#include "connectors/postgres/options.h"

namespace outrider::postgres {

/// Connects as the relay's own role; blocks, for seconds at most. A server that cannot be asked is
/// a finding.
Examination examine_server(const Options& options, const TableRule& table_rule);

}  // namespace outrider::postgres
