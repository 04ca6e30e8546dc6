#include "relay/app/metric_tables.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace outrider::app {
namespace {

using prometheus::MetricType;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kUnlimited = std::numeric_limits<double>::infinity();

double number(std::uint64_t value) { return static_cast<double>(value); }

double in_seconds(std::chrono::duration<double> duration) { return duration.count(); }

double position(std::uint64_t value) { return value == 0 ? kUnknown : number(value); }

template <PipelineState kState>
double in_state(const Snapshot& snapshot) {
  return snapshot.status.state == kState ? 1 : 0;
}

template <ErrorKind kKind>
double errors_of(const Snapshot& snapshot) {
  return number(snapshot.counters.errors_by_kind[static_cast<std::size_t>(kKind)]);
}

double slot_is(const Snapshot& snapshot, std::string_view status) {
  return snapshot.source.slot_status == status ? 1 : 0;
}

// Without captures, so that each becomes a plain function in the tables.
#define OUTRIDER_FIGURE(expression) [](const Snapshot& s, WallTime) -> double { return expression; }
#define OUTRIDER_PART(expression) [](const Snapshot& s) -> double { return expression; }

constexpr MetricType kCounter = MetricType::Counter;
constexpr MetricType kGauge = MetricType::Gauge;

const std::array kFigures = {
    Figure{"outrider_up", "1 while the pipeline streams, else 0.", kGauge,
           OUTRIDER_FIGURE(in_state<PipelineState::Streaming>(s))},
    Figure{"outrider_leader",
           "1 while this instance owns the source and delivers from it, 0 on a standby.", kGauge,
           OUTRIDER_FIGURE(is_leader(s) ? 1 : 0)},
    Figure{"outrider_healthy",
           "0 after two rebuilds in a row without progress and while halted, else 1.", kGauge,
           OUTRIDER_FIGURE(s.status.healthy ? 1 : 0)},
    Figure{"outrider_caught_up",
           "1 while nothing more is ready to be read from the source, else 0.", kGauge,
           OUTRIDER_FIGURE(s.status.caught_up ? 1 : 0)},
    Figure{"outrider_source_lag_bytes",
           "Bytes of the source's log that are not confirmed; NaN while not known.", kGauge,
           OUTRIDER_FIGURE(lag_bytes(s))},
    Figure{
        "outrider_source_lag_seconds",
        "Age of the oldest committed event that was read and is not delivered, also while nothing "
        "is; 0 when all are, NaN while that is not known.",
        kGauge, lag_seconds},
    Figure{"outrider_clock_skew_seconds",
           "How far the source's clock is ahead of this machine's; NaN while not known.", kGauge,
           OUTRIDER_FIGURE(s.source.clock_skew ? in_seconds(*s.source.clock_skew) : kUnknown)},
    Figure{"outrider_slot_retained_wal_bytes",
           "Write-ahead log that the server keeps for the slot; NaN while not known.", kGauge,
           OUTRIDER_FIGURE(s.source.retained_bytes ? number(*s.source.retained_bytes) : kUnknown)},
    Figure{"outrider_slot_safe_wal_bytes",
           "Write-ahead log that can still be written before the slot may be lost; +Inf without a "
           "limit, NaN while not known.",
           kGauge,
           OUTRIDER_FIGURE(s.source.safe_bytes            ? number(*s.source.safe_bytes)
                           : s.source.slot_status.empty() ? kUnknown
                                                          : kUnlimited)},
    Figure{"outrider_slot_failover_enabled",
           "1 if the slot is kept over a failover, else 0; NaN before Postgres 17 and while not "
           "known.",
           kGauge,
           OUTRIDER_FIGURE(s.source.slot_failover ? number(*s.source.slot_failover ? 1 : 0)
                                                  : kUnknown)},
    Figure{"outrider_received_lsn", "Position received from the source; NaN while not known.",
           kGauge, OUTRIDER_FIGURE(position(s.source.received_position))},
    Figure{"outrider_acked_lsn",
           "Position up to which everything is durable in the sink; NaN while not known.", kGauge,
           OUTRIDER_FIGURE(position(s.source.acked_position))},
    Figure{"outrider_confirmed_lsn",
           "Position up to which the source was told to forget; NaN while not known.", kGauge,
           OUTRIDER_FIGURE(position(s.source.confirmed_position))},
    Figure{"outrider_server_lsn", "End of the server's log at the last look; NaN while not known.",
           kGauge, OUTRIDER_FIGURE(position(s.source.server_position))},
    Figure{"outrider_source_last_message_timestamp_seconds",
           "When the source sent its last message of the stream, by its clock; 0 if none came.",
           kGauge, OUTRIDER_FIGURE(to_unix_seconds(s.source.last_message))},
    Figure{"outrider_last_commit_timestamp_seconds",
           "Commit time of the last transaction that was read; 0 if none was.", kGauge,
           OUTRIDER_FIGURE(to_unix_seconds(s.counters.last_commit))},
    Figure{"outrider_last_published_timestamp_seconds",
           "Time at which an event was delivered last; 0 if none was.", kGauge,
           OUTRIDER_FIGURE(to_unix_seconds(s.counters.last_published))},
    Figure{"outrider_in_flight_events", "Events that the sink holds and has not delivered.", kGauge,
           OUTRIDER_FIGURE(number(s.sink.records_in_flight))},
    Figure{"outrider_in_flight_bytes", "Bytes that the sink holds and has not delivered.", kGauge,
           OUTRIDER_FIGURE(number(s.sink.bytes_in_flight))},
    Figure{"outrider_in_flight_tickets", "Transactions or parts of them that are in flight.",
           kGauge, OUTRIDER_FIGURE(number(s.counters.tickets_in_flight))},
    Figure{"outrider_source_connects_total", "Connections made to the source.", kCounter,
           OUTRIDER_FIGURE(number(s.source.connects))},
    Figure{"outrider_source_received_bytes_total", "Bytes received from the source.", kCounter,
           OUTRIDER_FIGURE(number(s.source.bytes_received))},
    Figure{"outrider_source_keepalives_total", "Keepalives received from the source.", kCounter,
           OUTRIDER_FIGURE(number(s.source.keepalives))},
    Figure{"outrider_source_feedback_sent_total", "Status updates sent to the source.", kCounter,
           OUTRIDER_FIGURE(number(s.source.feedback_sent))},
    Figure{"outrider_transactions_total", "Complete source transactions that were read.", kCounter,
           OUTRIDER_FIGURE(number(s.counters.transactions))},
    Figure{"outrider_events_received_total", "Rows inserted into any published table.", kCounter,
           OUTRIDER_FIGURE(number(s.counters.events_received))},
    Figure{"outrider_events_published_total",
           "Events that are durable in the sink together with their checkpoint.", kCounter,
           OUTRIDER_FIGURE(number(s.counters.events_published))},
    Figure{"outrider_published_bytes_total", "Bytes of keys, values and headers delivered.",
           kCounter, OUTRIDER_FIGURE(number(s.counters.bytes_published))},
    Figure{"outrider_events_bad_total", "Events that make no record or that the sink refuses.",
           kCounter, OUTRIDER_FIGURE(number(s.counters.events_bad))},
    Figure{"outrider_events_dead_lettered_total", "Bad events sent to the dead-letter topic.",
           kCounter, OUTRIDER_FIGURE(number(s.counters.events_dead_lettered))},
    Figure{"outrider_checkpoints_total", "Positions made durable in the sink.", kCounter,
           OUTRIDER_FIGURE(number(s.sink.checkpoints_written))},
    Figure{"outrider_backpressure_seconds_total",
           "Time during which the sink had no room and the source was not read.", kCounter,
           OUTRIDER_FIGURE(s.counters.backpressure_seconds)},
    Figure{"outrider_rebuilds_total",
           "Times that everything in flight was given up and begun again from the checkpoint.",
           kCounter, OUTRIDER_FIGURE(number(s.counters.rebuilds))},
};

const std::array kLabelledFigures = {
    LabelledFigure{"outrider_state",
                   "1 for the state the pipeline is in, 0 for all others.",
                   kGauge,
                   "state",
                   {{"starting", in_state<PipelineState::Starting>},
                    {"standby", in_state<PipelineState::Standby>},
                    {"streaming", in_state<PipelineState::Streaming>},
                    {"retrying", in_state<PipelineState::Retrying>},
                    {"draining", in_state<PipelineState::Draining>},
                    {"halted", in_state<PipelineState::Halted>},
                    {"stopped", in_state<PipelineState::Stopped>}}},
    LabelledFigure{"outrider_slot_wal_status",
                   "1 for what the server says about the slot's log, 0 for all others.",
                   kGauge,
                   "status",
                   {{"reserved", OUTRIDER_PART(slot_is(s, "reserved"))},
                    {"extended", OUTRIDER_PART(slot_is(s, "extended"))},
                    {"unreserved", OUTRIDER_PART(slot_is(s, "unreserved"))},
                    {"lost", OUTRIDER_PART(slot_is(s, "lost"))}}},
    LabelledFigure{"outrider_events_skipped_total",
                   "Changes in the stream that are no event of this pipeline's outbox.",
                   kCounter,
                   "reason",
                   {{"non_insert", OUTRIDER_PART(number(s.counters.events_skipped_other_change))},
                    {"message", OUTRIDER_PART(number(s.counters.events_skipped_message))},
                    {"other_table", OUTRIDER_PART(number(s.counters.events_skipped_other_table))},
                    {"bad", OUTRIDER_PART(number(s.counters.events_skipped_bad))}}},
    LabelledFigure{"outrider_publish_errors_total",
                   "Errors of the sink by what they lead to.",
                   kCounter,
                   "class",
                   {{"retriable", OUTRIDER_PART(number(s.sink.errors_retriable))},
                    {"abortable", OUTRIDER_PART(number(s.sink.errors_abortable))},
                    {"fatal", OUTRIDER_PART(number(s.sink.errors_fatal))},
                    {"fenced", OUTRIDER_PART(number(s.sink.errors_fenced))},
                    {"record", OUTRIDER_PART(number(s.sink.errors_record))}}},
    LabelledFigure{"outrider_kafka_transactions_total",
                   "Kafka transactions by how they ended.",
                   kCounter,
                   "result",
                   {{"committed", OUTRIDER_PART(number(s.sink.transactions_committed))},
                    {"aborted", OUTRIDER_PART(number(s.sink.transactions_aborted))}}},
    LabelledFigure{"outrider_pipeline_errors_total",
                   "Errors that made the pipeline begin again or halt, by kind.",
                   kCounter,
                   "kind",
                   {{"unavailable", errors_of<ErrorKind::Unavailable>},
                    {"interrupted", errors_of<ErrorKind::Interrupted>},
                    {"fenced", errors_of<ErrorKind::Fenced>},
                    {"bad_event", errors_of<ErrorKind::BadEvent>},
                    {"refused", errors_of<ErrorKind::Refused>},
                    {"denied", errors_of<ErrorKind::Denied>},
                    {"misconfigured", errors_of<ErrorKind::Misconfigured>},
                    {"internal", errors_of<ErrorKind::Internal>}}},
};

#undef OUTRIDER_FIGURE
#undef OUTRIDER_PART

}  // namespace

std::span<const Figure> figures() { return kFigures; }
std::span<const LabelledFigure> labelled_figures() { return kLabelledFigures; }

double to_unix_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

double lag_bytes(const Snapshot& snapshot) {
  const SourceCounters& source = snapshot.source;
  const std::uint64_t end = std::max(source.server_position, source.received_position);
  if (end == 0 || source.confirmed_position == 0) return kUnknown;
  return number(end - std::min(end, source.confirmed_position));
}

double lag_seconds(const Snapshot& snapshot, WallTime now) {
  const WallTime oldest = snapshot.counters.oldest_undelivered;
  if (oldest == WallTime{}) return is_leader(snapshot) ? 0 : kUnknown;
  return std::max(0.0, std::chrono::duration<double>(now - oldest).count());
}

bool is_leader(const Snapshot& snapshot) {
  return snapshot.status.state == PipelineState::Streaming ||
         snapshot.status.state == PipelineState::Draining;
}

}  // namespace outrider::app
