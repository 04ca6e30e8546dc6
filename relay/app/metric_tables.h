// Names, help texts and values of the metrics that come from one pipeline's snapshot; used by
// metrics.cpp.
#pragma once

#include "relay/app/snapshot.h"
#include "relay/base/time.h"

#include <prometheus/metric_type.h>

#include <span>
#include <string_view>
#include <vector>

namespace outrider::app {

/// A family with the label `pipeline` alone.
struct Figure {
  const char* name;
  const char* help;
  prometheus::MetricType type;
  double (*value)(const Snapshot&, WallTime now);
};

/// A family with one more label, of which every value is always present.
struct LabelledFigure {
  struct Part {
    std::string_view label;
    double (*value)(const Snapshot&);
  };
  const char* name;
  const char* help;
  prometheus::MetricType type;
  std::string_view label;
  std::vector<Part> parts;
};

std::span<const Figure> figures();
std::span<const LabelledFigure> labelled_figures();

double to_unix_seconds(WallTime time);

/// Bytes of the source's log that are not confirmed; NaN if the source is not known yet.
double lag_bytes(const Snapshot& snapshot);

/// Age of the oldest committed event that was read and is not delivered. Where none is known of: 0
/// for the leader, which reads all there is; NaN for others.
double lag_seconds(const Snapshot& snapshot, WallTime now);

/// True while this instance owns the source and delivers from it.
bool is_leader(const Snapshot& snapshot);

}  // namespace outrider::app
