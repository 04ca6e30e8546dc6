// What one pipeline looked like a moment ago; made by its thread, read by metrics and HTTP.
#pragma once

#include "connectors/sink.h"
#include "connectors/source.h"
#include "relay/base/time.h"
#include "relay/core/pipeline_status.h"

#include <functional>
#include <string>
#include <vector>

namespace outrider::app {

struct Snapshot {
  std::string pipeline;
  PipelineStatus status;
  PipelineCounters counters;
  SourceCounters source;
  SinkCounters sink;
  /// When its event loop turned last.
  TimePoint turned_at;
};

/// Snapshots of every pipeline, in the order of the configuration. May be called on any thread.
using TakeSnapshots = std::function<std::vector<Snapshot>()>;

}  // namespace outrider::app
