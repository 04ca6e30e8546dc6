#include "relay/app/metrics.h"

#include "relay/app/clock.h"
#include "relay/app/metric_tables.h"

#include <prometheus/text_serializer.h>

#include <iterator>

namespace outrider::app {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

ClientMetric sample(MetricType type, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

MetricFamily family(std::string name, std::string help, MetricType type) {
  return {.name = std::move(name), .help = std::move(help), .type = type, .metric = {}};
}

MetricFamily single(std::string name, std::string help, MetricType type, double value) {
  MetricFamily made = family(std::move(name), std::move(help), type);
  made.metric.push_back(sample(type, {}, value));
  return made;
}

MetricFamily fill(const Figure& figure, const std::vector<Snapshot>& snapshots, WallTime now) {
  MetricFamily filled = family(figure.name, figure.help, figure.type);
  for (const Snapshot& snapshot : snapshots) {
    filled.metric.push_back(
        sample(figure.type, {{"pipeline", snapshot.pipeline}}, figure.value(snapshot, now)));
  }
  return filled;
}

MetricFamily fill(const LabelledFigure& figure, const std::vector<Snapshot>& snapshots) {
  MetricFamily filled = family(figure.name, figure.help, figure.type);
  for (const Snapshot& snapshot : snapshots) {
    for (const LabelledFigure::Part& part : figure.parts) {
      filled.metric.push_back(sample(
          figure.type,
          {{"pipeline", snapshot.pipeline}, {std::string(figure.label), std::string(part.label)}},
          part.value(snapshot)));
    }
  }
  return filled;
}

ClientMetric::Histogram histogram_of(const LatencyHistogram& latency) {
  ClientMetric::Histogram histogram;
  histogram.sample_sum = latency.sum_seconds;
  for (std::size_t i = 0; i < latency.buckets.size(); ++i) {
    histogram.sample_count += latency.buckets[i];
    if (i == LatencyHistogram::kUpperBoundsSeconds.size()) break;  // +Inf: made by the serializer.
    histogram.bucket.push_back({.cumulative_count = histogram.sample_count,
                                .upper_bound = LatencyHistogram::kUpperBoundsSeconds[i]});
  }
  return histogram;
}

MetricFamily latency(const std::vector<Snapshot>& snapshots) {
  MetricFamily filled =
      family("outrider_publish_latency_seconds",
             "Time from an event's commit in the source to its durable delivery in the sink.",
             MetricType::Histogram);
  for (const Snapshot& snapshot : snapshots) {
    ClientMetric metric;
    metric.label = {{"pipeline", snapshot.pipeline}};
    metric.histogram = histogram_of(snapshot.counters.latency);
    filled.metric.push_back(std::move(metric));
  }
  return filled;
}

}  // namespace

std::vector<MetricFamily> pipeline_metrics(const std::vector<Snapshot>& snapshots, WallTime now) {
  std::vector<MetricFamily> families;
  for (const Figure& figure : figures()) families.push_back(fill(figure, snapshots, now));
  for (const LabelledFigure& figure : labelled_figures()) {
    families.push_back(fill(figure, snapshots));
  }
  families.push_back(latency(snapshots));
  return families;
}

std::vector<MetricFamily> process_metrics(const BuildInfo& build, std::string_view config_sha256,
                                          const ProcessFigures& process) {
  MetricFamily info =
      family("outrider_build_info", "Version of Outrider and what it was built with; always 1.",
             MetricType::Gauge);
  info.metric.push_back(sample(MetricType::Gauge,
                               {{"version", std::string(build.version)},
                                {"compiler", std::string(build.compiler)},
                                {"libpq", std::string(build.libpq)},
                                {"librdkafka", std::string(build.librdkafka)}},
                               1));
  MetricFamily config = family("outrider_config_info",
                               "Hash of the configuration as it counts, without secrets; always 1.",
                               MetricType::Gauge);
  config.metric.push_back(sample(MetricType::Gauge, {{"sha256", std::string(config_sha256)}}, 1));
  const auto count = [](std::uint64_t value) { return static_cast<double>(value); };
  return {
      std::move(info),
      std::move(config),
      single("process_cpu_seconds_total", "User and system CPU time spent in seconds.",
             MetricType::Counter, process.cpu_seconds),
      single("process_resident_memory_bytes", "Resident memory size in bytes.", MetricType::Gauge,
             count(process.resident_bytes)),
      single("process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge,
             count(process.virtual_bytes)),
      single("process_start_time_seconds", "Start of the process in seconds since the Unix epoch.",
             MetricType::Gauge, to_unix_seconds(process.started_at)),
      single("process_open_fds", "Number of open file descriptors.", MetricType::Gauge,
             count(process.open_descriptors)),
      single("process_max_fds", "Greatest number of open file descriptors allowed.",
             MetricType::Gauge, count(process.descriptors_max)),
      single("process_threads", "Number of threads of the process.", MetricType::Gauge,
             count(process.threads)),
  };
}

std::vector<MetricFamily> Metrics::Collect() const {
  std::vector<MetricFamily> families =
      process_metrics(build_info(), config_sha256_, process_figures());
  std::vector<MetricFamily> more = pipeline_metrics(take_snapshots_(), wall_now());
  families.insert(families.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  return families;
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace outrider::app
