#include "relay/app/pipeline_session.h"

#include "connectors/kafka/librdkafka_client.h"
#include "connectors/postgres/libpq_connection.h"
#include "relay/app/clock.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace outrider::app {
namespace {

// Longer than every time-out of source and sink, which tell more.
constexpr Duration kPatience = std::chrono::seconds(90);
constexpr Duration kGlance = std::chrono::seconds(1);
constexpr Duration kCloseTimeout = std::chrono::seconds(10);
constexpr Ticket kTicket{1};

struct Nothing {};

/// Whatever the pipeline's mode: a transaction fences, and a checkpoint that goes back counts.
kafka::Options operators(kafka::Options options, SessionIntent intent) {
  options.delivery = Delivery::ExactlyOnce;
  options.create_checkpoint_topic = intent == SessionIntent::Change;
  return options;
}

}  // namespace

Result<std::unique_ptr<PipelineSession>> PipelineSession::create(const PipelineConfig& config,
                                                                 SessionIntent intent) {
  if (!config.source.postgres || !config.sink.kafka) {
    return failure(ErrorKind::Misconfigured,
                   "pipeline \"" + config.name + "\" keeps no checkpoint: it does not go to Kafka",
                   "name another one with --pipeline");
  }
  return std::unique_ptr<PipelineSession>(
      new PipelineSession(*config.source.postgres, operators(*config.sink.kafka, intent)));
}

PipelineSession::PipelineSession(const postgres::Options& source, const kafka::Options& sink)
    : source_(source, std::make_unique<postgres::LibpqConnector>(source)),
      sink_(sink, source_.position_format(), std::make_unique<kafka::LibrdkafkaClient>(sink)) {}

PipelineSession::~PipelineSession() {
  sink_.abandon();
  const TimePoint deadline = clock_now().steady + kCloseTimeout;
  while (!sink_.at_rest() && clock_now().steady < deadline) wait();
  source_.release();
}

template <typename T>
Result<T> PipelineSession::drive(const std::function<Result<std::optional<T>>(TimePoint)>& step) {
  const TimePoint deadline = clock_now().steady + kPatience;
  while (true) {
    const Now now = clock_now();
    OUTRIDER_TRY(std::optional<T> done, step(now.steady));
    if (done) return std::move(*done);
    if (is_held_) OUTRIDER_TRY(source_.tick(now));
    if (now.steady >= deadline) {
      return failure(ErrorKind::Unavailable, "Postgres or Kafka did not answer within 90 seconds");
    }
    wait();
  }
}

void PipelineSession::wait() const {
  Wake wake = source_.wake(Source::Reading::Yes);
  wake.merge(sink_.wake());
  std::vector<pollfd> entries;
  for (const Wake::Descriptor& descriptor : wake.descriptors()) {
    const int events = (descriptor.read ? POLLIN : 0) | (descriptor.write ? POLLOUT : 0);
    entries.push_back({.fd = descriptor.fd, .events = static_cast<short>(events), .revents = 0});
  }
  const TimePoint now = clock_now().steady;
  const Duration rest = std::clamp<Duration>(wake.at() - now, Duration::zero(), kGlance);
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(rest);
  // Whatever woke it, the step looks at everything.
  static_cast<void>(poll(entries.data(), entries.size(), static_cast<int>(timeout.count())));
}

Result<void> PipelineSession::acquire() {
  OUTRIDER_TRY(
      const Source::Standing standing,
      drive<Source::Standing>([this](TimePoint now) -> Result<std::optional<Source::Standing>> {
        OUTRIDER_TRY(const Source::Standing reached, source_.acquire(now));
        if (reached == Source::Standing::Working) return std::nullopt;
        return reached;
      }));
  is_held_ = standing == Source::Standing::Held;
  if (is_held_) return {};
  const std::string& holder = facts().server.lock_holder;
  return failure(ErrorKind::Unavailable,
                 "a relay is active on slot \"" + facts().options.slot +
                     "\": " + (holder.empty() ? "another session holds its lock" : holder),
                 "stop it first; a relay that does not answer loses the slot after 30 seconds, or "
                 "by pg_terminate_backend");
}

Result<Found> PipelineSession::look() {
  return drive<Found>([this](TimePoint now) { return sink_.look(now); });
}

Result<Found> PipelineSession::open() {
  return drive<Found>(
      [this](TimePoint now) { return sink_.open(now, source_.confirmed_position()); });
}

Result<Source::Plan> PipelineSession::plan(const Found& found) {
  if (found.checkpoint) OUTRIDER_TRY(source_.admit(found.checkpoint->position));
  return drive<Source::Plan>([&](TimePoint now) { return source_.plan(found, now); });
}

Result<void> PipelineSession::prove_held() {
  const Result<Nothing> proved =
      drive<Nothing>([this](TimePoint now) -> Result<std::optional<Nothing>> {
        OUTRIDER_TRY(const bool held, source_.prove_held(now));
        return held ? std::optional(Nothing{}) : std::nullopt;
      });
  if (!proved) return std::unexpected(proved.error());
  return {};
}

Result<void> PipelineSession::write(const Position& position) {
  OUTRIDER_TRY(prove_held());
  bool is_sealed = false;
  const Result<Nothing> written =
      drive<Nothing>([&](TimePoint now) -> Result<std::optional<Nothing>> {
        if (!is_sealed) {
          OUTRIDER_TRY(const Sink::Offer offer, sink_.seal(kTicket, position));
          is_sealed = offer == Sink::Offer::Taken;
        }
        OUTRIDER_TRY(sink_.step(now, Supply::Dry));
        Deliveries deliveries;
        sink_.collect(deliveries);
        if (deliveries.failed) return std::unexpected(std::move(deliveries.failed->error));
        return deliveries.delivered.empty() ? std::nullopt : std::optional(Nothing{});
      });
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace outrider::app
