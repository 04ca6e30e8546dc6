// One pipeline on a thread of its own; made by the run command.
#pragma once

#include "relay/app/event_descriptor.h"
#include "relay/app/snapshot.h"
#include "relay/core/pipeline.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace outrider::app {

/// Steps the pipeline, sleeps in poll(2) until it wants the next step, and publishes snapshots.
/// The pipeline is touched on its thread only; every call here may come from any thread.
class PipelineThread {
 public:
  /// Takes what the pipeline has to say. Called on the pipeline's thread.
  using Say = std::function<void(const Notice&, TimePoint now)>;

  /// Does nothing before start(), but snapshot() can be asked for.
  PipelineThread(std::string name, std::unique_ptr<Pipeline> pipeline, Say say);
  /// Leaves the pipeline where it is, without draining, and waits for the current step to end.
  ~PipelineThread();
  PipelineThread(const PipelineThread&) = delete;
  PipelineThread& operator=(const PipelineThread&) = delete;

  void start();

  /// At most 100 ms old while anything happens; `turned_at` is exact.
  Snapshot snapshot() const;

  /// Begins an orderly stop; stopped() says when it is done.
  void stop();
  bool stopped() const { return stopped_.load(); }
  /// Readable from when stopped() is true. Lives as long as this object.
  int stopped_descriptor() const { return stopped_event_.fd(); }

 private:
  void run();
  void publish(TimePoint now);
  void publish_if_due(TimePoint now);
  void say_notices(TimePoint now);
  void sleep(const Wake& wake);

  const std::string name_;
  const Say say_;
  const std::unique_ptr<Pipeline> pipeline_;

  // Of the thread alone.
  TimePoint published_at_;
  PipelineState published_state_ = PipelineState::Starting;
  bool unpublished_ = false;

  std::atomic<bool> stopping_ = false;
  std::atomic<bool> leaving_ = false;
  std::atomic<bool> stopped_ = false;
  std::atomic<TimePoint> turned_at_;
  EventDescriptor wake_event_;
  EventDescriptor stopped_event_;
  mutable std::mutex mutex_;
  Snapshot snapshot_;  // Under mutex_.

  std::jthread thread_;  // Last, so that all it uses exists before and after it.
};

}  // namespace outrider::app
