// What /metrics shows, in the words of Prometheus; used by the HTTP server.
#pragma once

#include "relay/app/build_info.h"
#include "relay/app/process_figures.h"
#include "relay/app/snapshot.h"
#include "relay/base/time.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace outrider::app {

/// Every family of every pipeline, all label combinations present whatever happened so far. A
/// gauge that is not known is NaN; one without limit is +Inf. Pure.
std::vector<prometheus::MetricFamily> pipeline_metrics(const std::vector<Snapshot>& snapshots,
                                                       WallTime now);

/// outrider_build_info and the process_* families. Pure.
std::vector<prometheus::MetricFamily> process_metrics(const BuildInfo& build,
                                                      const ProcessFigures& process);

/// Takes the figures of this moment. Any thread.
class Metrics final : public prometheus::Collectable {
 public:
  explicit Metrics(TakeSnapshots take_snapshots) : take_snapshots_(std::move(take_snapshots)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

  /// The text exposition format, version 0.0.4.
  std::string text() const;

 private:
  TakeSnapshots take_snapshots_;
};

}  // namespace outrider::app
