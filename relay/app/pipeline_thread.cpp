#include "relay/app/pipeline_thread.h"

#include "relay/app/clock.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

namespace outrider::app {
namespace {

constexpr Duration kSnapshotInterval = std::chrono::milliseconds(100);
// A pipeline that waits for nothing still turns, so that /livez can tell waiting from hanging.
constexpr Duration kSleepMost = std::chrono::seconds(5);

/// One more than a Wake holds: the thread's own event comes first.
struct PollSet {
  std::array<pollfd, Wake::kDescriptorsMax + 1> entries{};
  nfds_t count = 0;

  void add(int fd, short events) { entries[count++] = {.fd = fd, .events = events, .revents = 0}; }
};

PollSet poll_set(int own, const Wake& wake) {
  PollSet set;
  set.add(own, POLLIN);
  for (const Wake::Descriptor& descriptor : wake.descriptors()) {
    set.add(descriptor.fd,
            static_cast<short>((descriptor.read ? POLLIN : 0) | (descriptor.write ? POLLOUT : 0)));
  }
  return set;
}

timespec to_timespec(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(),
          .tv_nsec = std::chrono::nanoseconds(duration - seconds).count()};
}

}  // namespace

PipelineThread::PipelineThread(std::string name, std::unique_ptr<Pipeline> pipeline, Say say)
    : name_(std::move(name)),
      say_(std::move(say)),
      pipeline_(std::move(pipeline)),
      turned_at_(clock_now().steady) {
  publish(turned_at_.load());
}

PipelineThread::~PipelineThread() {
  leaving_ = true;
  wake_event_.raise();
}

void PipelineThread::start() {
  turned_at_ = clock_now().steady;
  thread_ = std::jthread([this] { run(); });
}

Snapshot PipelineThread::snapshot() const {
  Snapshot copy;
  {
    const std::scoped_lock lock(mutex_);
    copy = snapshot_;
  }
  copy.turned_at = turned_at_.load();
  return copy;
}

void PipelineThread::stop() {
  stopping_ = true;
  wake_event_.raise();
}

void PipelineThread::run() {
  while (!leaving_ && !pipeline_->stopped()) {
    if (stopping_) pipeline_->stop();
    const Now now = clock_now();
    turned_at_ = now.steady;
    const Wake wake = pipeline_->step(now);
    unpublished_ = true;
    say_notices(now.steady);
    publish_if_due(now.steady);
    if (!pipeline_->stopped()) sleep(wake);
  }
  publish(clock_now().steady);
  stopped_ = pipeline_->stopped();
  stopped_event_.raise();
}

void PipelineThread::publish(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  snapshot_ = {.pipeline = name_,
               .status = pipeline_->status(),
               .counters = pipeline_->counters(),
               .source = pipeline_->source_counters(),
               .sink = pipeline_->sink_counters(),
               .turned_at = now};
  published_at_ = now;
  published_state_ = snapshot_.status.state;
  unpublished_ = false;
}

void PipelineThread::publish_if_due(TimePoint now) {
  if (!unpublished_) return;
  if (now >= published_at_ + kSnapshotInterval || pipeline_->status().state != published_state_) {
    publish(now);
  }
}

void PipelineThread::say_notices(TimePoint now) {
  for (const Notice& notice : pipeline_->take_notices()) say_(notice, now);
}

/// Sleeps until the pipeline wants its next step. What the last step changed is published on the
/// way, so that a pipeline that falls silent leaves no stale snapshot behind.
void PipelineThread::sleep(const Wake& wake) {
  TimePoint now = clock_now().steady;
  const TimePoint step_at = std::min(wake.at(), now + kSleepMost);
  PollSet set = poll_set(wake_event_.fd(), wake);
  while (now < step_at) {
    const TimePoint until =
        unpublished_ ? std::min(step_at, published_at_ + kSnapshotInterval) : step_at;
    const timespec timeout = to_timespec(std::max(until - now, Duration::zero()));
    const int ready = ppoll(set.entries.data(), set.count, &timeout, nullptr);
    if (ready != 0) break;
    now = clock_now().steady;
    publish_if_due(now);
  }
  if (set.entries[0].revents != 0) wake_event_.lower();
}

}  // namespace outrider::app
