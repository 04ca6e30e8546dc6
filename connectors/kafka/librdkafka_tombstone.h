// Takes a pipeline's checkpoint away for good; used by `outrider teardown`.
#pragma once

#include "connectors/kafka/options.h"
#include "relay/base/error.h"

namespace outrider::kafka {

/// Fences every relay of the identity (exactly_once) and writes a tombstone for its checkpoint; the
/// next look finds none. Does nothing if there is no checkpoint topic. Blocks, for a minute at
/// most. The caller holds the slot's lock.
Result<void> forget_checkpoint(const Options& options);

}  // namespace outrider::kafka
