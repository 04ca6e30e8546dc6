// One pipeline's source and sink in the hands of an operator's command instead of a relay: the
// same lock, the same fencing, the same checkpoint. Used by `outrider checkpoint`, `skip`,
// `teardown` and `check --connect`.
#pragma once

#include "connectors/kafka/sink.h"
#include "connectors/postgres/source.h"
#include "relay/app/pipeline_config.h"
#include "relay/base/error.h"

#include <functional>
#include <memory>
#include <optional>

namespace outrider::app {

/// What a session may leave behind in Kafka.
enum class SessionIntent { Look, Change };

/// Blocks; one thread. Order of calls as in a relay: acquire(), look(), then to change something
/// open() and write(). Whatever is held is let go of at the end.
class PipelineSession {
 public:
  /// Misconfigured unless the pipeline goes from Postgres to Kafka.
  static Result<std::unique_ptr<PipelineSession>> create(const PipelineConfig& config,
                                                         SessionIntent intent);
  ~PipelineSession();

  /// Becomes the owner of the slot. Unavailable, with who it is, while a relay is active.
  Result<void> acquire();
  /// The checkpoint as it is; fences nobody.
  Result<Found> look();
  /// Fences every older relay and reads the checkpoint that counts.
  Result<Found> open();
  /// Makes sure that the slot is still ours, then stores the position durably.
  Result<void> write(const Position& position);
  /// What a relay would do now with this checkpoint.
  Result<Source::Plan> plan(const Found& found);

  /// As of acquire(), also if that failed.
  postgres::StartFacts facts() const { return source_.facts(); }
  const PositionFormat& position_format() const { return source_.position_format(); }

 private:
  PipelineSession(const postgres::Options& source, const kafka::Options& sink);
  /// Calls `step` again and again, as wake-ups tell, until it has a value.
  template <typename T>
  Result<T> drive(const std::function<Result<std::optional<T>>(TimePoint)>& step);
  Result<void> prove_held();
  void wait() const;

  postgres::PostgresSource source_;
  kafka::KafkaSink sink_;
  bool is_held_ = false;
};

}  // namespace outrider::app
