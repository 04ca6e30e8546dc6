// What every sink must be able to do, asked of one at a time. A connector implements SinkUnderTest,
// or more if there is more to it, and instantiates the suites of what it implements; the promises
// are in sink_*_conformance.cpp.
#pragma once

#include "connectors/position.h"
#include "connectors/sink.h"
#include "tests/conformance/case.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace outrider::conformance {

/// A record with its own bytes, as it is offered and as consumers see it.
struct PlainRecord {
  std::string topic;
  std::string key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::int64_t timestamp_ms = 0;
  bool operator==(const PlainRecord&) const = default;
};

void PrintTo(const PlainRecord& record, std::ostream* out);

/// What a sink says of itself. Where it promises less, the suite asks for what holds instead.
struct SinkPromises {
  bool keeps_checkpoints = true;
  /// Consumers never see a record that is not delivered.
  bool hides_undelivered = true;
  /// open() ends what an older instance still does.
  bool fences_older_instances = true;
  Delivery delivery = Delivery::ExactlyOnce;
};

/// A sink, and power over where it writes to. The test's thread makes all calls.
class SinkUnderTest {
 public:
  virtual ~SinkUnderTest() = default;

  virtual Sink& sink() = 0;
  virtual SinkPromises promises() const = 0;

  /// A topic of this test alone that the sink may write to, and whose records keep their order.
  virtual std::string topic() = 0;

  /// What consumers see in the topic; waits a while until it is enough.
  using IsEnough = std::function<bool(const std::vector<PlainRecord>&)>;
  virtual std::vector<PlainRecord> seen(const IsEnough& is_enough) = 0;
  std::vector<PlainRecord> seen(std::size_t at_least) {
    return seen([&](const auto& records) { return records.size() >= at_least; });
  }
  std::vector<PlainRecord> seen_through(const PlainRecord& last) {
    return seen(
        [&](const auto& records) { return std::ranges::find(records, last) != records.end(); });
  }

  /// Where the sink writes to takes nothing until let_go(). May be left out where a sink is Full
  /// under load alone.
  virtual void hold_back() = 0;
  virtual void let_go() = 0;

  /// Records that the sink must refuse; if there are none, it takes all. Called just before they
  /// are offered.
  virtual std::vector<PlainRecord> bad_records() = 0;
};

/// Several instances can write to the same place.
class SharedSinkUnderTest : public SinkUnderTest {
 public:
  /// Another instance with the same options; this object outlives it.
  virtual std::unique_ptr<Sink> another() = 0;
};

/// It writes to a server, which can be killed.
class ServedSinkUnderTest : public SharedSinkUnderTest {
 public:
  virtual void kill_server() = 0;
  virtual void start_server() = 0;
};

using SinkConformance = Conformance<SinkUnderTest>;
using SharedSinkConformance = Conformance<SharedSinkUnderTest>;
using ServedSinkConformance = Conformance<ServedSinkUnderTest>;

}  // namespace outrider::conformance
