// A configured pipeline, and all of a process with their HTTP server; used by the run command and
// by `outrider skip`.
#pragma once

#include "relay/app/admin_http.h"
#include "relay/app/log.h"
#include "relay/app/pipeline_config.h"
#include "relay/app/pipeline_thread.h"
#include "relay/app/snapshot.h"
#include "relay/base/error.h"

#include <memory>
#include <set>
#include <vector>

namespace outrider::app {

/// Source, mapper, sink and pipeline as configured; connects to nothing yet. `skipped_events`: see
/// PipelineOptions.
Result<std::unique_ptr<Pipeline>> make_pipeline(const PipelineConfig& config, Log& log,
                                                std::set<EventId> skipped_events = {});

/// One thread at a time. Destroyed before everything stopped, it drops what is in flight; nothing
/// is lost by that, but stopping takes as long as the sinks need.
class Relay {
 public:
  /// Makes every pipeline and listens for HTTP; connects to nothing yet. `log` must outlive it.
  static Result<std::unique_ptr<Relay>> create(const Config& config, Log& log);

  void start();
  /// Begins an orderly stop of every pipeline.
  void stop();
  bool stopped() const;
  std::vector<Snapshot> snapshots() const;
  /// Descriptors that become readable when one more pipeline has stopped; of those that have not.
  std::vector<int> stop_descriptors() const;

 private:
  Relay() = default;

  std::vector<std::unique_ptr<PipelineThread>> threads_;
  std::unique_ptr<AdminHttp> http_;  // After the threads, whose snapshots it takes.
};

}  // namespace outrider::app
