#include "tests/simulation/relay.h"

#include "connectors/kafka/sink.h"
#include "connectors/postgres/source.h"
#include "relay/base/assert.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outrider::simulation {
namespace {

OutboxMapper make_mapper() {
  Result<OutboxMapper> mapper = OutboxMapper::create({});
  OUTRIDER_ASSERT(mapper.has_value(), "the default outbox options are valid");
  return std::move(*mapper);
}

}  // namespace

Relay::Relay(Environment& environment, PostgresServer& postgres, KafkaCluster& kafka,
             const ClientFaults& faults, RelayOptions options)
    : environment_(environment),
      options_(std::move(options)),
      client_(std::make_shared<KafkaClient>(environment, kafka, faults, options_.sink)) {
  auto source = std::make_unique<postgres::PostgresSource>(
      options_.source, postgres.connector(options_.number, options_.source));
  auto sink = std::make_unique<kafka::KafkaSink>(options_.sink, source->position_format(),
                                                 std::make_unique<KafkaClientHandle>(client_));
  pipeline_.emplace(options_.pipeline, make_mapper(), std::move(source), std::move(sink));
}

bool Relay::is_due() const {
  const TimePoint now = environment_.clock.steady;
  if (now < frozen_until_) return false;
  if (stopping_ || wake_.at() <= now) return true;
  return std::ranges::any_of(wake_.descriptors(), [&](const Wake::Descriptor& descriptor) {
    return environment_.descriptors.is_ready(descriptor);
  });
}

TimePoint Relay::next_event() const {
  return environment_.clock.steady < frozen_until_ ? frozen_until_ : wake_.at();
}

void Relay::step() {
  stopping_ = false;
  ++steps_;
  wake_ = pipeline_->step(environment_.clock.now());
  for (const Notice& notice : pipeline_->take_notices()) {
    environment_.trace.note(fmt::format("relay {}", options_.number), notice.what);
  }
}

}  // namespace outrider::simulation
