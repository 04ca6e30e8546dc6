// Drives a source through its calls as the pipeline does. Used by the conformance suite of sources.
#pragma once

#include "connectors/source.h"
#include "tests/conformance/runner.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outrider::conformance {

/// What the source said, and where.
struct Said {
  std::string text;  ///< The row's payload, or one of the texts below.
  EventId id;
  WallTime committed_at;
  Position before;
  Position after;
};

inline const std::string kCommit = "(commit)";
inline const std::string kIdle = "(idle)";
inline const std::string kOther = "(other)";

/// A row's payload, or kCommit, kIdle, kOther; empty for Nothing.
std::string text_of(const Event& event);

/// What was said, but for idle positions.
std::vector<std::string> texts_of(const std::vector<Said>& said);

/// A checkpoint that a sink found.
Found found_at(const Position& position);

/// Errors are exceptions of type Failed, but for a source that is not there for a moment: that is
/// tried again, as the pipeline does.
class SourceDriver {
 public:
  explicit SourceDriver(Source& source) : source_(source) {}

  void acquire() { acquire_until(Source::Standing::Held); }
  void acquire_until(Source::Standing standing);

  /// The plan, or why there is none.
  Result<Source::Plan> plan(const Found& found);
  /// From acquire() to the first next(); the plan that was followed.
  Source::Plan begin(const Found& found = {});

  /// A tick and one next(); no value if nothing is ready. Says nothing of Nothing.
  std::optional<Said> read_one();
  /// Reads until `is_last` holds for what was said; all of it.
  std::vector<Said> read_until(const std::string& what,
                               const std::function<bool(const Said&)>& is_last);
  /// Reads the row and the rest of its transaction.
  std::vector<Said> read_through(const std::string& payload);
  /// Ticks until the condition holds.
  void tick_until(const std::string& what, const std::function<bool()>& condition);
  /// Reads until the source fails, and gives its error.
  Error read_until_failure();

 private:
  Source::Plan begin_once(const Found& found, TimePoint deadline);

  Source& source_;
};

}  // namespace outrider::conformance
