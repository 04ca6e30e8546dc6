// Moves a slot forward without decoding; used by `outrider checkpoint`.
#pragma once

#include "connectors/postgres/lsn.h"
#include "connectors/postgres/options.h"
#include "relay/base/error.h"

namespace outrider::postgres {

/// Makes the slot begin at `to`; what lies before is not sent any more. By the relay's own role,
/// on a connection of its own; blocks. The caller holds the slot's lock.
Result<void> advance_slot(const Options& options, Lsn to);

}  // namespace outrider::postgres
