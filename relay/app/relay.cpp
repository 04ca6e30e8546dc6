#include "relay/app/relay.h"

#include "connectors/registry/registry.h"
#include "relay/app/build_info.h"
#include "relay/app/config_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace outrider::app {
namespace {

Result<SourceOptions> source_options(const SourceConfig& config) {
  if (config.postgres) return *config.postgres;
  return failure(ErrorKind::Misconfigured, "no source is configured");
}

Result<SinkOptions> sink_options(const SinkConfig& config) {
  if (config.kafka) return *config.kafka;
  if (config.standard_output) return standard_output::Options{};
  return failure(ErrorKind::Misconfigured, "no sink is configured");
}

/// Replicas that start together must not retry together.
std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace

Result<std::unique_ptr<Pipeline>> make_pipeline(const PipelineConfig& config, Log& log,
                                                std::set<EventId> skipped_events) {
  OUTRIDER_TRY(OutboxMapper mapper, OutboxMapper::create(config.outbox));
  OUTRIDER_TRY(const SourceOptions source_kind, source_options(config.source));
  OUTRIDER_TRY(const SinkOptions sink_kind, sink_options(config.sink));
  std::unique_ptr<Source> source = make_source(source_kind);
  std::unique_ptr<Sink> sink = make_sink(sink_kind, source->position_format());
  log.info(fmt::format("outrider {}: pipeline {} goes from {} to {}", build_info().version,
                       config.name, kind(source_kind), kind(sink_kind)));
  return std::make_unique<Pipeline>(PipelineOptions{.delivery = config.delivery,
                                                    .bad_event = config.bad_event,
                                                    .skipped_events = std::move(skipped_events),
                                                    .dead_letter_topic = config.dead_letter_topic,
                                                    .backoff = {},
                                                    .seed = random_seed()},
                                    std::move(mapper), std::move(source), std::move(sink));
}

Result<std::unique_ptr<Relay>> Relay::create(const Config& config, Log& log) {
  std::unique_ptr<Relay> relay(new Relay);
  for (const auto& [name, pipeline_config] : config.pipelines) {
    Result<std::unique_ptr<Pipeline>> pipeline = make_pipeline(pipeline_config, log);
    if (!pipeline) return std::unexpected(std::move(pipeline).error().within("pipeline " + name));
    relay->threads_.push_back(std::make_unique<PipelineThread>(
        name, std::move(*pipeline),
        [&log, pipeline_name = name](const Notice& notice, TimePoint now) {
          log.say(pipeline_name, notice, now);
        }));
  }
  if (config.http.listen.empty()) return relay;
  OUTRIDER_TRY(const ListenAddress address, parse_listen_address(config.http.listen));
  OUTRIDER_TRY(relay->http_,
               AdminHttp::start(address, [raw = relay.get()] { return raw->snapshots(); },
                                {.web_config_file = config.http.web_config_file,
                                 .config_sha256 = config_digest(config)}));
  log.info("HTTP listens on " + to_string(relay->http_->address()));
  return relay;
}

void Relay::start() {
  for (const auto& thread : threads_) thread->start();
}

void Relay::stop() {
  for (const auto& thread : threads_) thread->stop();
}

bool Relay::stopped() const {
  return std::ranges::all_of(threads_, [](const auto& thread) { return thread->stopped(); });
}

std::vector<Snapshot> Relay::snapshots() const {
  std::vector<Snapshot> snapshots;
  for (const auto& thread : threads_) snapshots.push_back(thread->snapshot());
  return snapshots;
}

std::vector<int> Relay::stop_descriptors() const {
  std::vector<int> descriptors;
  for (const auto& thread : threads_) {
    if (!thread->stopped()) descriptors.push_back(thread->stopped_descriptor());
  }
  return descriptors;
}

}  // namespace outrider::app
