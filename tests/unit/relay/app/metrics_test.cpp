#include "relay/app/metrics.h"

#include "tests/unit/relay/app/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <set>
#include <string>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::snapshot_of;

constexpr WallTime kNow{1'700'000'000s};

std::string text_of(const Snapshot& snapshot) {
  return prometheus::TextSerializer().Serialize(pipeline_metrics({snapshot}, kNow));
}

TEST(Metrics, HaveTheNamesThatAlertsAndDashboardsUse) {
  std::set<std::string> names;
  for (const auto& family : pipeline_metrics({}, kNow)) names.insert(family.name);
  for (const char* name : {"outrider_state",
                           "outrider_leader",
                           "outrider_up",
                           "outrider_caught_up",
                           "outrider_source_lag_bytes",
                           "outrider_source_lag_seconds",
                           "outrider_slot_retained_wal_bytes",
                           "outrider_slot_safe_wal_bytes",
                           "outrider_slot_wal_status",
                           "outrider_received_lsn",
                           "outrider_acked_lsn",
                           "outrider_confirmed_lsn",
                           "outrider_events_received_total",
                           "outrider_events_published_total",
                           "outrider_last_published_timestamp_seconds",
                           "outrider_events_skipped_total",
                           "outrider_published_bytes_total",
                           "outrider_transactions_total",
                           "outrider_publish_errors_total",
                           "outrider_in_flight_events",
                           "outrider_in_flight_bytes",
                           "outrider_backpressure_seconds_total",
                           "outrider_kafka_transactions_total",
                           "outrider_rebuilds_total",
                           "outrider_publish_latency_seconds",
                           "outrider_source_received_bytes_total",
                           "outrider_source_connects_total"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Metrics, NamesAreUniqueAndEveryFamilyHasHelp) {
  std::set<std::string> names;
  for (const auto& family : pipeline_metrics({}, kNow)) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
    EXPECT_EQ(family.type == prometheus::MetricType::Counter, family.name.ends_with("_total"))
        << family.name;
  }
}

TEST(Metrics, EveryLabelValueIsPresentFromTheStart) {
  const std::string text = text_of(snapshot_of("orders", PipelineState::Standby));
  EXPECT_THAT(text, HasSubstr("outrider_state{pipeline=\"orders\",state=\"standby\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("outrider_state{pipeline=\"orders\",state=\"halted\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("outrider_slot_wal_status{pipeline=\"orders\",status=\"lost\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("outrider_publish_errors_total{pipeline=\"orders\",class=\"fenced\"} "
                              "0\n"));
  EXPECT_THAT(
      text,
      HasSubstr("outrider_kafka_transactions_total{pipeline=\"orders\",result=\"aborted\"} 0\n"));
}

TEST(Metrics, WhatIsNotKnownIsNotANumberAndWithoutLimitItIsInfinite) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Streaming);
  EXPECT_THAT(text_of(snapshot), HasSubstr("outrider_source_lag_bytes{pipeline=\"orders\"} Nan"));
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_slot_safe_wal_bytes{pipeline=\"orders\"} Nan"));
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_slot_failover_enabled{pipeline=\"orders\"} Nan"));
  EXPECT_THAT(text_of(snapshot), HasSubstr("outrider_clock_skew_seconds{pipeline=\"orders\"} Nan"));
  snapshot.source.slot_status = "reserved";
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_slot_safe_wal_bytes{pipeline=\"orders\"} +Inf"));
}

TEST(Metrics, LagIsWhatTheServerHasAndWeDidNotConfirm) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Streaming);
  snapshot.source.server_position = 5000;
  snapshot.source.received_position = 6000;
  snapshot.source.confirmed_position = 1000;
  snapshot.counters.oldest_undelivered = kNow - 1500ms;
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_source_lag_bytes{pipeline=\"orders\"} 5000\n"));
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_source_lag_seconds{pipeline=\"orders\"} 1.5\n"));
}

TEST(Metrics, LagOfWhatNobodyReadsIsNotKnownButThatOfWhatWasReadGoesOn) {
  const std::string name = "outrider_source_lag_seconds{pipeline=\"orders\"} ";
  EXPECT_THAT(text_of(snapshot_of("orders", PipelineState::Streaming)), HasSubstr(name + "0\n"));
  for (const PipelineState state : {PipelineState::Starting, PipelineState::Standby,
                                    PipelineState::Retrying, PipelineState::Halted}) {
    Snapshot snapshot = snapshot_of("orders", state);
    EXPECT_THAT(text_of(snapshot), HasSubstr(name + "Nan\n")) << to_string(state);
    snapshot.counters.oldest_undelivered = kNow - 90s;
    EXPECT_THAT(text_of(snapshot), HasSubstr(name + "90\n")) << to_string(state);
  }
}

TEST(Metrics, LagIsNeverNegativeWhenClocksAndLooksDisagree) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Streaming);
  snapshot.source.server_position = 5000;
  snapshot.source.confirmed_position = 9000;
  snapshot.counters.oldest_undelivered = kNow + 1s;
  EXPECT_THAT(text_of(snapshot), HasSubstr("outrider_source_lag_bytes{pipeline=\"orders\"} 0\n"));
  EXPECT_THAT(text_of(snapshot), HasSubstr("outrider_source_lag_seconds{pipeline=\"orders\"} 0\n"));
}

TEST(Metrics, TellOfTheServersClockAndOfASlotThatAFailoverKeeps) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Streaming);
  snapshot.source.clock_skew = -1500ms;
  snapshot.source.slot_failover = false;
  snapshot.source.last_message = kNow;
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_clock_skew_seconds{pipeline=\"orders\"} -1.5\n"));
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_slot_failover_enabled{pipeline=\"orders\"} 0\n"));
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_source_last_message_timestamp_seconds{pipeline=\"orders\"} "
                        "1700000000\n"));
  snapshot.source.slot_failover = true;
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("outrider_slot_failover_enabled{pipeline=\"orders\"} 1\n"));
}

TEST(Metrics, LatencyBucketsAreCumulativeAndEndInInfinity) {
  Snapshot snapshot = snapshot_of("orders", PipelineState::Streaming);
  snapshot.counters.latency.observe(0.002, 3);
  snapshot.counters.latency.observe(1000, 2);
  const std::string text = text_of(snapshot);
  const std::string name = "outrider_publish_latency_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{pipeline=\"orders\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{pipeline=\"orders\",le=\"0.0025\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{pipeline=\"orders\",le=\"300\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{pipeline=\"orders\",le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{pipeline=\"orders\"} 5\n"));
}

TEST(Metrics, PipelineNamesAreEscaped) {
  const std::string text = text_of(snapshot_of("a\"b\\c\nd", PipelineState::Streaming));
  EXPECT_THAT(text, HasSubstr("outrider_up{pipeline=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(Metrics, TellAboutTheProcessAndTheBuild) {
  const std::string text = Metrics([] { return std::vector<Snapshot>(); }, "c0ffee").text();
  EXPECT_THAT(text, HasSubstr("outrider_config_info{sha256=\"c0ffee\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("outrider_build_info{version=\"" + std::string(build_info().version) +
                              "\",compiler="));
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_start_time_seconds", "process_open_fds"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(name) + " "));
    EXPECT_THAT(text, Not(HasSubstr("\n" + std::string(name) + " 0\n")));
  }
}

TEST(ProcessFigures, AProcessStartedInThePastAndOnlyOnce) {
  const ProcessFigures figures = process_figures();
  EXPECT_GT(figures.resident_bytes, 0U);
  EXPECT_GT(figures.open_descriptors, 2U);
  EXPECT_GE(figures.threads, 1U);
  EXPECT_EQ(figures.started_at, process_figures().started_at);
}

}  // namespace
}  // namespace outrider::app
