#include "relay/app/status_summary.h"

#include "relay/app/exit_code.h"
#include "relay/app/status_page.h"
#include "tests/unit/relay/app/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::snapshot_of;

std::string body_of(const std::vector<Snapshot>& snapshots) {
  const Now now{.steady = TimePoint{} + 1h, .wall = WallTime{1'700'000'000s}};
  return status_json(snapshots, now, WallTime{1'700'000'000s - 3h - 12min});
}

int code_of(const std::vector<Snapshot>& snapshots) {
  return summarize_status(body_of(snapshots), "")->exit_code;
}

TEST(StatusSummary, IsGoodWhileEveryPipelineStreamsOrStandsBy) {
  EXPECT_EQ(code_of({snapshot_of("a", PipelineState::Streaming),
                     snapshot_of("b", PipelineState::Standby)}),
            kExitOk);
}

TEST(StatusSummary, APipelineThatIsNotReadyIsUnavailableAndAHaltedOneMustBeMended) {
  const Snapshot good = snapshot_of("a", PipelineState::Streaming);
  const Snapshot retrying = snapshot_of("b", PipelineState::Retrying);
  const Snapshot halted = snapshot_of("c", PipelineState::Halted);
  EXPECT_EQ(code_of({good, retrying}), kExitUnavailable);
  EXPECT_EQ(code_of({good, retrying, halted}), kExitConfiguration);
  EXPECT_EQ(code_of({halted, retrying}), kExitConfiguration);
}

TEST(StatusSummary, SaysStateLagReasonAndRemedyInWords) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Halted);
  snapshot.status.reason = "the slot is lost";
  snapshot.status.hint = "outrider checkpoint show";
  snapshot.counters.events_published = 1234;
  snapshot.counters.events_bad = 1;
  snapshot.counters.last_commit = WallTime{1'700'000'000s};
  snapshot.source.slot_status = "reserved";
  snapshot.source.retained_bytes = 3 * 1024 * 1024;
  snapshot.source.confirmed_position = 0x16b3748;
  const std::string text = summarize_status(body_of({snapshot}), "")->text;
  EXPECT_THAT(text, HasSubstr(", up 3 h 12 min\n"));
  EXPECT_THAT(text, HasSubstr("\norders: halted\n"));
  EXPECT_THAT(text, HasSubstr("  reason     the slot is lost\n"));
  EXPECT_THAT(text, HasSubstr("  lag        unknown, unknown\n"));
  EXPECT_THAT(text, HasSubstr("  remedy     outrider checkpoint show\n"));
  EXPECT_THAT(text, HasSubstr("1234 events since the start; last commit 2023-11-14T22:13:20"));
  EXPECT_THAT(text, HasSubstr("; 1 bad\n"));
  EXPECT_THAT(text, HasSubstr("reserved, retains 3.0 MiB, confirmed 0/16B3748\n"));
}

TEST(StatusSummary, AsksForOnePipelineAlone) {
  const std::string body = body_of(
      {snapshot_of("a", PipelineState::Streaming), snapshot_of("b", PipelineState::Halted)});
  const auto one = summarize_status(body, "a");
  EXPECT_EQ(one->exit_code, kExitOk);
  EXPECT_THAT(one->text, Not(HasSubstr("b: halted")));
  EXPECT_EQ(nlohmann::json::parse(one->json)["pipelines"].size(), 1U);
  EXPECT_THAT(summarize_status(body, "c").error().what, HasSubstr("no pipeline \"c\""));
}

TEST(StatusSummary, WhatIsNotOfARelayIsUnavailable) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"pipelines": 3})"}) {
    const auto summary = summarize_status(body, "");
    ASSERT_FALSE(summary) << body;
    EXPECT_EQ(summary.error().kind, ErrorKind::Unavailable);
  }
}

TEST(StatusSummary, ReadsWhatARelayOfAnotherVersionLeavesOut) {
  const auto summary = summarize_status(R"({"pipelines": {"orders": {"state": 3}}})", "");
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->exit_code, kExitUnavailable);
  EXPECT_THAT(summary->text, HasSubstr("orders: "));
}

}  // namespace
}  // namespace outrider::app
