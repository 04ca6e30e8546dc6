#include "tests/lab/drain.h"

#include "tests/lab/figures.h"
#include "tests/lab/numbered_rows.h"
#include "tests/lab/stage.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/process.h"
#include "tests/support/sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <vector>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRowsPerTransaction = 100;
constexpr auto kDrainPatience = 30min;
constexpr const char* kRecvlogical = "/usr/lib/postgresql/15/bin/pg_recvlogical";

/// What one backlog gave; rates in thousand rows per second.
struct Run {
  double limit_rate = 0;  ///< Of pg_recvlogical.
  double rate = 0;
  double cpu_seconds = 0;  ///< Of the relay, per million rows.
  double peak_rss_mb = 0;

  double ratio() const { return rate / limit_rate; }
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void write_backlog(Sql& sql, const std::string& aggregatetype, const DrainOptions& options) {
  sql.run(
      fmt::format("do $$ begin for i in 0..{} loop {}; commit; end loop; end $$",
                  options.rows / kRowsPerTransaction - 1,
                  insert_numbered_rows(aggregatetype, options.payload,
                                       fmt::format("i * {}::bigint + 1", kRowsPerTransaction),
                                       fmt::format("(i + 1) * {}::bigint", kRowsPerTransaction))));
  sql.run("checkpoint");
}

/// Thousand rows per second of pg_recvlogical over TCP, from its start to the end of the log.
double read_into_nothing(const Stage& stage, const std::string& database, std::uint64_t rows) {
  const std::string end = Sql(stage.postgres().dsn(database)).value("select pg_current_wal_lsn()");
  const auto begin = std::chrono::steady_clock::now();
  run({kRecvlogical, "-d", stage.postgres().dsn(database), "-S", "limit_" + database, "--start",
       "-o", "proto_version=1", "-o", "publication_names=" + Stage::slot_of(database), "-f",
       "/dev/null", "--endpos", end, "-n"});
  return static_cast<double>(rows) / seconds_since(begin) / 1000;
}

/// Thousand rows per second between the first and the last record's log-append times. Throws if a
/// row was lost, repeated or moved within its key.
double rate_in_topic(const Stage& stage, const std::string& topic, std::uint64_t rows) {
  NumberedRows numbered(rows);
  std::int64_t first = INT64_MAX;
  std::int64_t last = 0;
  read_topic(stage.kafka().bootstrap(), topic, [&](const Delivered& record) {
    numbered.note(record);
    first = std::min(first, record.timestamp_ms);
    last = std::max(last, record.timestamp_ms);
  });
  numbered.require_exact();
  return static_cast<double>(rows) / static_cast<double>(std::max<std::int64_t>(last - first, 1));
}

/// The figures of the relay's process after it delivered the whole backlog.
ProcessFigures drain_into_kafka(RelayProcess& relay, const std::string& database,
                                std::uint64_t rows) {
  relay.start();
  // Asked rarely: the relay shares its cores with this question.
  const auto is_over = [&] {
    eventually(200ms, [&] { return !relay.is_running(); });
    return !relay.is_running() ||
           relay.metric("outrider_events_published_total", database) >= static_cast<double>(rows);
  };
  if (!eventually(kDrainPatience, is_over) || !relay.is_running()) {
    throw std::runtime_error("the relay did not drain the backlog:\n" + relay.log());
  }
  const ProcessFigures figures = relay.process().figures();
  relay.stop();
  return figures;
}

Run drain_once(Stage& stage, const std::string& database, const DrainOptions& options) {
  const std::unique_ptr<RelayProcess> relay =
      stage.add_relay(database, options.delivery, options.payload);
  Sql sql(stage.postgres().dsn(database));
  sql.run("select pg_create_logical_replication_slot('limit_" + database + "', 'pgoutput')");
  say(fmt::format("writing {} rows, {} per transaction", options.rows, kRowsPerTransaction));
  write_backlog(sql, database, options);
  Run run;
  say("pg_recvlogical reads them into nothing");
  run.limit_rate = read_into_nothing(stage, database, options.rows);
  say("the relay drains them into Kafka, " + options.delivery);
  const ProcessFigures figures = drain_into_kafka(*relay, database, options.rows);
  run.rate = rate_in_topic(stage, "outbox.event." + database, options.rows);
  run.cpu_seconds = figures.cpu_seconds * 1e6 / static_cast<double>(options.rows);
  run.peak_rss_mb = static_cast<double>(figures.peak_rss_bytes) / (1 << 20);
  sql.run("select pg_drop_replication_slot('limit_" + database + "'); truncate outbox; " +
          "select pg_drop_replication_slot('" + Stage::slot_of(database) + "')");
  return run;
}

template <typename Figure>
void print_row(const char* name, const std::vector<Run>& runs, const Figure& figure) {
  std::vector<double> values;
  for (const Run& run : runs) values.push_back(figure(run));
  fmt::print("{:<28}{:>10.2f}{:>10.2f}{:>10.2f}\n", name, percentile(values, 0), median(values),
             percentile(values, 100));
}

}  // namespace

int run_drain(const DrainOptions& given) {
  DrainOptions options = given;
  options.rows -= options.rows % kRowsPerTransaction;
  const KafkaServer::Settings settings{{"log.message.timestamp.type", "LogAppendTime"}};
  Stage stage(settings);
  std::vector<Run> runs;
  for (int number = 1; number <= options.runs; ++number) {
    runs.push_back(drain_once(stage, "drain" + std::to_string(number), options));
    const Run& run = runs.back();
    fmt::print("run {}: {:.1f} k rows/s, pg_recvlogical {:.1f} k rows/s, ratio {:.2f}\n", number,
               run.rate, run.limit_rate, run.ratio());
    std::fflush(stdout);
  }
  fmt::print("\nbench drain: {}, {} payload, {} rows, runs: {}\n", options.delivery,
             options.payload, options.rows, options.runs);
  fmt::print("{:<28}{:>10}{:>10}{:>10}\n", "", "min", "median", "max");
  print_row("relay, k rows/s", runs, [](const Run& run) { return run.rate; });
  print_row("pg_recvlogical, k rows/s", runs, [](const Run& run) { return run.limit_rate; });
  print_row("ratio", runs, [](const Run& run) { return run.ratio(); });
  print_row("relay, CPU s per 1 M rows", runs, [](const Run& run) { return run.cpu_seconds; });
  print_row("relay, peak RSS MB", runs, [](const Run& run) { return run.peak_rss_mb; });
  return 0;
}

}  // namespace outrider::testing
