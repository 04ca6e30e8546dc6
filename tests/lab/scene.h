// What the demo shows: who writes the events, and what must be true at the end. Used by demo.
#pragma once

#include "tests/lab/stage.h"
#include "tests/support/outbox_load.h"
#include "tests/support/relay_process.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace outrider::testing {

/// Everything is set up and runs when it is made, only the load is not begun. Errors are
/// exceptions.
class Scene {
 public:
  virtual ~Scene() = default;

  virtual RelayProcess& relay() = 0;
  /// Those that the relay writes to.
  virtual std::vector<std::string> topics() const = 0;
  /// Databases with an outbox.
  virtual std::vector<std::string> databases() const = 0;

  /// Begins to commit so many events, at so many per second (0: as many as possible).
  virtual void begin(std::uint64_t events, double per_second) = 0;
  virtual std::uint64_t committed() const = 0;
  virtual bool is_finished() const = 0;
  /// Waits for the load.
  virtual void finish() = 0;

  struct Outcome {
    Verdict verdict;
    std::string remark;  ///< A line of its own; may be empty.
    bool is_right = false;
  };
  /// After everything arrived.
  virtual Outcome check() = 0;
  /// Lines to try while everything goes on running.
  virtual std::string things_to_try() const = 0;
};

/// Clients that write an outbox with SQL: several rows and keys per transaction, some rolled back.
std::unique_ptr<Scene> make_sql_scene(Stage& stage);
/// The sample services, and people who use them through HTTP.
std::unique_ptr<Scene> make_services_scene(Stage& stage);

}  // namespace outrider::testing
