#include "relay/app/pipeline_thread.h"

#include "connectors/memory/sink.h"
#include "connectors/memory/source.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

constexpr int kPatienceMilliseconds = 10'000;

Table outbox() {
  return {.schema = "public",
          .name = "outbox",
          .columns = {"id", "aggregatetype", "aggregateid", "type", "payload"},
          .version = 0};
}

bool becomes_readable(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, kPatienceMilliseconds) == 1;
}

/// A pipeline over memory connectors, with what it said.
struct Rig {
  memory::MemorySource* source = nullptr;
  memory::MemorySink* sink = nullptr;
  std::mutex mutex;
  std::vector<std::string> said;
  EventDescriptor spoke;
  std::unique_ptr<PipelineThread> thread;

  Rig() {
    auto owned_source = std::make_unique<memory::MemorySource>(outbox());
    auto owned_sink = std::make_unique<memory::MemorySink>();
    source = owned_source.get();
    sink = owned_sink.get();
    auto pipeline =
        std::make_unique<Pipeline>(PipelineOptions{}, *OutboxMapper::create(OutboxOptions{}),
                                   std::move(owned_source), std::move(owned_sink));
    thread = std::make_unique<PipelineThread>("orders", std::move(pipeline),
                                              [this](const Notice& notice, TimePoint) {
                                                const std::scoped_lock lock(mutex);
                                                said.push_back(notice.what);
                                                spoke.raise();
                                              });
  }
};

TEST(PipelineThread, CanBeAskedBeforeItStarts) {
  Rig rig;
  EXPECT_EQ(rig.thread->snapshot().pipeline, "orders");
  EXPECT_EQ(rig.thread->snapshot().status.state, PipelineState::Starting);
  EXPECT_FALSE(rig.thread->stopped());
}

TEST(PipelineThread, MovesEventsAndStopsInGoodOrder) {
  Rig rig;
  rig.source->commit({.rows = {{"1", "order", "42", "created", "{}"}}});
  rig.thread->start();
  ASSERT_TRUE(becomes_readable(rig.spoke.fd()));
  rig.thread->stop();
  ASSERT_TRUE(becomes_readable(rig.thread->stopped_descriptor()));
  EXPECT_TRUE(rig.thread->stopped());
  const Snapshot snapshot = rig.thread->snapshot();
  EXPECT_EQ(snapshot.status.state, PipelineState::Stopped);
  const std::scoped_lock lock(rig.mutex);
  EXPECT_EQ(rig.said, std::vector<std::string>{"streaming"});
}

TEST(PipelineThread, AHaltedPipelineStillStops) {
  Rig rig;
  rig.sink->fail_step({ErrorKind::Refused, "the checkpoint is foreign"});
  rig.thread->start();
  ASSERT_TRUE(becomes_readable(rig.spoke.fd()));
  EXPECT_FALSE(rig.thread->stopped());
  rig.thread->stop();
  ASSERT_TRUE(becomes_readable(rig.thread->stopped_descriptor()));
  EXPECT_TRUE(rig.thread->stopped());
}

TEST(PipelineThread, PublishesWhatTheLastStepChangedEvenWhenItFallsSilent) {
  Rig rig;
  for (int i = 0; i < 100; ++i) {
    rig.source->commit({.rows = {{"1", "order", "42", "created", "{}"}}});
  }
  rig.thread->start();
  Snapshot snapshot = rig.thread->snapshot();
  const TimePoint deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMilliseconds);
  while (snapshot.counters.events_published < 100 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    snapshot = rig.thread->snapshot();
  }
  EXPECT_EQ(snapshot.counters.events_published, 100U);
}

TEST(PipelineThread, CanBeDestroyedWithoutAStop) {
  Rig rig;
  rig.thread->start();
  ASSERT_TRUE(becomes_readable(rig.spoke.fd()));
}

}  // namespace
}  // namespace outrider::app
