#include "relay/app/status_page.h"

#include "tests/unit/relay/app/snapshots.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using testing::snapshot_of;

TEST(Liveness, HoldsWhileEveryEventLoopTurns) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Halted);
  EXPECT_TRUE(liveness({snapshot}, snapshot.turned_at + 30s).good);
  const Health late = liveness({snapshot}, snapshot.turned_at + 31s);
  EXPECT_FALSE(late.good);
  EXPECT_EQ(late.text, "failed: the event loop of orders has not turned for 31 s\n");
}

TEST(Liveness, DoesNotAskAStoppedPipeline) {
  const Snapshot snapshot = snapshot_of("orders", PipelineState::Stopped);
  EXPECT_TRUE(liveness({snapshot}, snapshot.turned_at + 1h).good);
}

TEST(Readiness, StreamingAndStandingByAreReady) {
  const Health health = readiness({snapshot_of("orders", PipelineState::Streaming),
                                   snapshot_of("users", PipelineState::Standby)},
                                  Detail::Verbose);
  EXPECT_TRUE(health.good);
  EXPECT_EQ(health.text, "[+]orders ok: streaming\n[+]users ok: standby\nok\n");
}

TEST(Readiness, OnePipelineThatRetriesMakesItNotReadyAndSaysWhy) {
  Snapshot retrying = snapshot_of("orders", PipelineState::Retrying);
  retrying.status.reason = "connect to broker: refused";
  const Health health =
      readiness({retrying, snapshot_of("users", PipelineState::Starting)}, Detail::Verbose);
  EXPECT_FALSE(health.good);
  EXPECT_EQ(health.text,
            "[-]orders failed: connect to broker: refused\n[-]users failed: starting\nfailed\n");
  EXPECT_EQ(readiness({retrying}, Detail::Brief).text, "failed\n");
}

TEST(Status, ShowsPositionsAsPostgresWritesThemAndTheLastErrorWithItsHint) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Halted);
  snapshot.status.reason = "the slot is lost";
  snapshot.status.hint = "outrider checkpoint show";
  snapshot.source.received_position = 0x1'016b3748;
  snapshot.source.slot_status = "lost";
  const Now now{.steady = snapshot.turned_at + 2s, .wall = WallTime{1'700'000'000s}};
  const auto json =
      nlohmann::json::parse(status_json({snapshot}, now, WallTime{1'700'000'000s - 90s}));
  EXPECT_EQ(json["uptime_seconds"], 90);
  const auto& orders = json["pipelines"]["orders"];
  EXPECT_EQ(orders["state"], "halted");
  EXPECT_EQ(orders["reason"], "the slot is lost");
  EXPECT_EQ(orders["hint"], "outrider checkpoint show");
  EXPECT_EQ(orders["source"]["received_lsn"], "1/16B3748");
  EXPECT_EQ(orders["source"]["confirmed_lsn"], nullptr);
  EXPECT_EQ(orders["source"]["slot"]["wal_status"], "lost");
  EXPECT_EQ(orders["source"]["slot"]["safe_bytes"], nullptr);
  EXPECT_EQ(orders["lag"]["bytes"], nullptr);
  EXPECT_EQ(orders["lag"]["seconds"], nullptr);
  EXPECT_EQ(orders["source"]["slot"]["failover"], nullptr);
  EXPECT_EQ(orders["seconds_since_loop_turned"], 2);
}

}  // namespace
}  // namespace outrider::app
