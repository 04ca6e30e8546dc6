// What /metrics shows, in the words of Prometheus; used by the HTTP server.
#pragma once

#include "relay/app/build_info.h"
#include "relay/app/process_figures.h"
#include "relay/app/snapshot.h"
#include "relay/base/time.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider::app {

/// Every family of every pipeline, all label combinations present whatever happened so far. A
/// gauge that is not known is NaN; one without limit is +Inf. Pure.
std::vector<prometheus::MetricFamily> pipeline_metrics(const std::vector<Snapshot>& snapshots,
                                                       WallTime now);

/// outrider_build_info, outrider_config_info and the process_* families. Pure.
std::vector<prometheus::MetricFamily> process_metrics(const BuildInfo& build,
                                                      std::string_view config_sha256,
                                                      const ProcessFigures& process);

/// Takes the figures of this moment. Any thread.
class Metrics final : public prometheus::Collectable {
 public:
  /// `config_sha256`: see config_digest().
  Metrics(TakeSnapshots take_snapshots, std::string config_sha256)
      : take_snapshots_(std::move(take_snapshots)), config_sha256_(std::move(config_sha256)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

  /// The text exposition format, version 0.0.4.
  std::string text() const;

 private:
  TakeSnapshots take_snapshots_;
  std::string config_sha256_;
};

}  // namespace outrider::app
