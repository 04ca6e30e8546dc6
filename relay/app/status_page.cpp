#include "relay/app/status_page.h"

#include "connectors/postgres/lsn.h"
#include "relay/app/build_info.h"
#include "relay/app/log_line.h"
#include "relay/app/metric_tables.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace outrider::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kTurnTimeMost = std::chrono::seconds(30);

bool is_ready(const Snapshot& snapshot) {
  switch (snapshot.status.state) {
    case PipelineState::Streaming:
    case PipelineState::Standby:
      return true;
    case PipelineState::Starting:
    case PipelineState::Retrying:
    case PipelineState::Draining:
    case PipelineState::Halted:
    case PipelineState::Stopped:
      return false;
  }
  return false;
}

std::string ready_line(const Snapshot& snapshot) {
  const std::string_view state = to_string(snapshot.status.state);
  if (is_ready(snapshot)) return fmt::format("[+]{} ok: {}\n", snapshot.pipeline, state);
  return fmt::format("[-]{} failed: {}\n", snapshot.pipeline,
                     snapshot.status.reason.empty() ? state : snapshot.status.reason);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json lsn_or_null(std::uint64_t position) {
  return position == 0 ? Json() : Json(postgres::to_string(postgres::Lsn{position}));
}

Json time_or_null(WallTime time) { return time == WallTime{} ? Json() : Json(to_rfc3339(time)); }

template <typename T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json bytes_or_null(double bytes) {
  return std::isnan(bytes) ? Json() : Json(static_cast<std::uint64_t>(bytes));
}

Json seconds_or_null(double seconds) { return std::isnan(seconds) ? Json() : Json(seconds); }

Json errors_json(const Snapshot& snapshot) {
  Json errors = Json::object();
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    errors[std::string(to_string(static_cast<ErrorKind>(i)))] = snapshot.counters.errors_by_kind[i];
  }
  return errors;
}

Json source_json(const SourceCounters& source) {
  return {{"received_lsn", lsn_or_null(source.received_position)},
          {"acked_lsn", lsn_or_null(source.acked_position)},
          {"confirmed_lsn", lsn_or_null(source.confirmed_position)},
          {"server_lsn", lsn_or_null(source.server_position)},
          {"connects", source.connects},
          {"bytes_received", source.bytes_received},
          {"slot",
           {{"wal_status", text_or_null(source.slot_status)},
            {"retained_bytes", value_or_null(source.retained_bytes)},
            {"safe_bytes", value_or_null(source.safe_bytes)},
            {"failover", value_or_null(source.slot_failover)}}}};
}

Json sink_json(const SinkCounters& sink) {
  return {{"transactions_committed", sink.transactions_committed},
          {"transactions_aborted", sink.transactions_aborted},
          {"checkpoints_written", sink.checkpoints_written},
          {"records_delivered", sink.records_delivered},
          {"bytes_delivered", sink.bytes_delivered}};
}

Json events_json(const PipelineCounters& counters) {
  return {{"received", counters.events_received},
          {"published", counters.events_published},
          {"skipped", counters.events_skipped_other_change + counters.events_skipped_message +
                          counters.events_skipped_other_table + counters.events_skipped_bad},
          {"bad", counters.events_bad},
          {"dead_lettered", counters.events_dead_lettered},
          {"transactions", counters.transactions},
          {"last_commit", time_or_null(counters.last_commit)}};
}

Json pipeline_json(const Snapshot& snapshot, Now now) {
  const std::chrono::duration<double> since_turn = now.steady - snapshot.turned_at;
  return {{"state", std::string(to_string(snapshot.status.state))},
          {"leader", is_leader(snapshot)},
          {"ready", is_ready(snapshot)},
          {"healthy", snapshot.status.healthy},
          {"caught_up", snapshot.status.caught_up},
          {"reason", text_or_null(snapshot.status.reason)},
          {"hint", text_or_null(snapshot.status.hint)},
          {"lag",
           {{"bytes", bytes_or_null(lag_bytes(snapshot))},
            {"seconds", seconds_or_null(lag_seconds(snapshot, now.wall))}}},
          {"in_flight",
           {{"events", snapshot.sink.records_in_flight},
            {"bytes", snapshot.sink.bytes_in_flight},
            {"tickets", snapshot.counters.tickets_in_flight}}},
          {"events", events_json(snapshot.counters)},
          {"source", source_json(snapshot.source)},
          {"sink", sink_json(snapshot.sink)},
          {"rebuilds", snapshot.counters.rebuilds},
          {"errors", errors_json(snapshot)},
          {"seconds_since_loop_turned", std::max(0.0, since_turn.count())}};
}

Json build_json() {
  const BuildInfo& build = build_info();
  return {{"version", std::string(build.version)},
          {"compiler", std::string(build.compiler)},
          {"libpq", std::string(build.libpq)},
          {"librdkafka", std::string(build.librdkafka)}};
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Health liveness(const std::vector<Snapshot>& snapshots, TimePoint now) {
  for (const Snapshot& snapshot : snapshots) {
    if (snapshot.status.state == PipelineState::Stopped) continue;
    const Duration since_turn = now - snapshot.turned_at;
    if (since_turn <= kTurnTimeMost) continue;
    return {false,
            fmt::format("failed: the event loop of {} has not turned for {} s\n", snapshot.pipeline,
                        std::chrono::duration_cast<std::chrono::seconds>(since_turn).count())};
  }
  return {true, "ok\n"};
}

Health readiness(const std::vector<Snapshot>& snapshots, Detail detail) {
  Health health{.good = std::ranges::all_of(snapshots, is_ready), .text = {}};
  if (detail == Detail::Verbose) {
    for (const Snapshot& snapshot : snapshots) health.text += ready_line(snapshot);
  }
  health.text += health.good ? "ok\n" : "failed\n";
  return health;
}

std::string status_json(const std::vector<Snapshot>& snapshots, Now now, WallTime started_at) {
  Json pipelines = Json::object();
  for (const Snapshot& snapshot : snapshots) {
    pipelines[snapshot.pipeline] = pipeline_json(snapshot, now);
  }
  const std::chrono::duration<double> uptime = now.wall - started_at;
  return dump({{"version", std::string(build_info().version)},
               {"started_at", to_rfc3339(started_at)},
               {"uptime_seconds", std::max(0.0, uptime.count())},
               {"pipelines", std::move(pipelines)}});
}

std::string version_json() { return dump(build_json()); }

}  // namespace outrider::app
