// Snapshots as the tests of metrics, status and HTTP want them.
#pragma once

#include "relay/app/snapshot.h"

#include <string>
#include <utility>

namespace outrider::testing {

inline app::Snapshot snapshot_of(std::string pipeline, PipelineState state) {
  app::Snapshot snapshot;
  snapshot.pipeline = std::move(pipeline);
  snapshot.status.state = state;
  return snapshot;
}

}  // namespace outrider::testing
