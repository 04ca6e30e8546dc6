// One relay process of the simulation: the real pipeline over simulated connections. Used by the
// world.
#pragma once

#include "relay/core/pipeline.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/kafka_client.h"
#include "tests/simulation/postgres_server.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace outrider::simulation {

struct RelayOptions {
  int number = 0;
  PipelineOptions pipeline = {};
  postgres::Options source = {};
  kafka::Options sink = {};
};

/// Runs when its Wake says so, as relay/app's runner does. Destruction is kill -9.
class Relay {
 public:
  Relay(Environment& environment, PostgresServer& postgres, KafkaCluster& kafka,
        const ClientFaults& faults, RelayOptions options);

  /// True if it has something to do now.
  bool is_due() const;
  /// When it wants to run at the latest.
  TimePoint next_event() const;
  void step();
  /// SIGSTOP until then.
  void freeze(TimePoint until) { frozen_until_ = until; }
  /// SIGTERM.
  void stop() {
    pipeline_->stop();
    stopping_ = true;
  }

  const Pipeline& pipeline() const { return *pipeline_; }
  bool is_halted() const { return pipeline_->status().state == PipelineState::Halted; }
  const RelayOptions& options() const { return options_; }
  std::uint64_t steps() const { return steps_; }
  std::size_t queued_most() const { return client_->queued_most(); }
  std::uint64_t fences() const { return client_->fences(); }

 private:
  Environment& environment_;
  const RelayOptions options_;
  std::shared_ptr<KafkaClient> client_;
  std::optional<Pipeline> pipeline_;
  Wake wake_;
  TimePoint frozen_until_{};
  bool stopping_ = true;  // Makes the first step due.
  std::uint64_t steps_ = 0;
};

}  // namespace outrider::simulation
