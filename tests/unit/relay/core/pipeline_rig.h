// A pipeline between a scripted source and a scripted sink; used by the pipeline's tests.
#pragma once

#include "relay/core/pipeline.h"
#include "tests/unit/relay/core/scripted_connectors.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outrider::testing {

inline Scripted row(std::uint64_t transaction, std::string id) {
  return {.transaction = transaction, .id = std::move(id)};
}
inline Scripted row(std::uint64_t transaction, std::string id, WallTime committed_at) {
  return {.transaction = transaction, .id = std::move(id), .committed_at = committed_at};
}
inline Scripted commit(std::uint64_t transaction) {
  return {.transaction = transaction, .id = {}, .special = Committed{}};
}
inline Scripted idle(bool urgent = false) {
  return {.transaction = 0, .id = {}, .special = Idle{.urgent = urgent}};
}

/// A pipeline between a scripted source and a scripted sink, with a clock that the test moves.
struct Rig {
  explicit Rig(PipelineOptions options = {}, OutboxOptions outbox = {}) {
    auto owned_source = std::make_unique<ScriptedSource>();
    auto owned_sink = std::make_unique<ScriptedSink>();
    source = owned_source.get();
    sink = owned_sink.get();
    pipeline = std::make_unique<Pipeline>(std::move(options),
                                          std::move(*OutboxMapper::create(std::move(outbox))),
                                          std::move(owned_source), std::move(owned_sink));
  }

  void run(int steps = 20) {
    for (int i = 0; i < steps; ++i) {
      pipeline->step({.steady = now, .wall = WallTime{std::chrono::seconds(2)}});
    }
  }
  void run_after(Duration passed) {
    now += passed;
    run();
  }
  std::vector<std::string> offered_ids() const {
    std::vector<std::string> ids;
    for (const auto& offered : sink->offered) ids.push_back(offered.id);
    return ids;
  }
  PipelineState state() const { return pipeline->status().state; }

  TimePoint now{std::chrono::hours(1)};
  ScriptedSource* source;
  ScriptedSink* sink;
  std::unique_ptr<Pipeline> pipeline;
};

}  // namespace outrider::testing
