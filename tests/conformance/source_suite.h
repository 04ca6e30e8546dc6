// What every source must be able to do, asked of one at a time. A connector implements
// SourceUnderTest and instantiates SourceConformance; the promises are in source_*_conformance.cpp.
#pragma once

#include "connectors/position.h"
#include "connectors/source.h"
#include "tests/conformance/case.h"

#include <memory>
#include <string>
#include <vector>

namespace outrider::conformance {

/// While it lives, another instance owns the source.
class OtherOwner {
 public:
  virtual ~OtherOwner() = default;
};

/// The column whose text tells rows apart.
inline constexpr const char* kPayloadColumn = "payload";

/// A source, and power over what it reads from. The test's thread makes all calls.
class SourceUnderTest {
 public:
  virtual ~SourceUnderTest() = default;

  virtual Source& source() = 0;

  /// Commits one transaction that inserts a row for each payload, in this order.
  virtual void commit(const std::vector<std::string>& payloads) = 0;

  /// Another instance becomes the owner; the source must not be held.
  virtual std::unique_ptr<OtherOwner> let_another_own() = 0;

  /// Ends the stream under the source, which learns of it as of any lost connection.
  virtual void break_stream() = 0;
  /// Kills the server and starts it again, as far as there is one; else the same as break_stream().
  virtual void lose_server() = 0;

  /// Whether the log also holds what is nothing to this source. If not, it never says Idle.
  virtual bool has_others_in_log() const = 0;
  /// Writes something into the log that is nothing to this source.
  virtual void write_for_others() = 0;

  /// Positions of the same kind that are of another source.
  virtual std::vector<Position> foreign_positions() = 0;
};

using SourceCase = Case<SourceUnderTest>;
using SourceConformance = Conformance<SourceUnderTest>;

}  // namespace outrider::conformance
