// Where to resume a source, and how a position is stored; used by sources, sinks and the pipeline.
#pragma once

#include "relay/base/assert.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outrider {

/// "Resume here, and nothing before is repeated." A small value whose bytes only the source that
/// made it understands; the pipeline and the sinks copy it and hand it back.
class Position {
 public:
  static constexpr std::size_t kBytesMax = 256;

  Position() = default;
  explicit Position(std::span<const std::byte> bytes) : size_(bytes.size()) {
    OUTRIDER_ASSERT(bytes.size() <= kBytesMax, "a position has at most kBytesMax bytes");
    std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  }
  Position(const Position& other) : size_(other.size_) {
    std::memcpy(bytes_.data(), other.bytes_.data(), size_);
  }
  Position& operator=(const Position& other) {
    size_ = other.size_;
    std::memmove(bytes_.data(), other.bytes_.data(), size_);
    return *this;
  }
  ~Position() = default;

  /// The source's own encoding; lives as long as this position.
  std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }

  bool operator==(const Position& other) const {
    return size_ == other.size_ && std::memcmp(bytes_.data(), other.bytes_.data(), size_) == 0;
  }

 private:
  // Left uninitialised beyond size_: positions are copied once per transaction.
  std::array<std::byte, kBytesMax> bytes_;
  std::size_t size_ = 0;
};

/// How a source's positions are stored: as short JSON objects. Stateless and const, so that a sink
/// may call it from any thread.
class PositionFormat {
 public:
  virtual ~PositionFormat() = default;
  /// The position as one JSON object, ASCII, at most a few hundred bytes.
  virtual std::string to_json(const Position& position) const = 0;
  /// Reads what to_json() wrote, of this or the previous format. Refused if it cannot.
  virtual Result<Position> from_json(std::string_view json) const = 0;
  /// Whether the source is further along at `position` than at `other`. Both can be read by
  /// from_json() once stored.
  virtual bool is_further(const Position& position, const Position& other) const = 0;
};

/// How events are delivered. The default holds promise P2 (no duplicates).
enum class Delivery { ExactlyOnce, AtLeastOnce };

/// A position that a sink made durable together with the records before it.
struct Checkpoint {
  Position position;
  /// The mode that wrote it: exactly_once that takes over from at_least_once says that events may
  /// repeat unless the stop was clean.
  Delivery written_by = Delivery::ExactlyOnce;
  /// True if it was written by an orderly stop, with nothing delivered after it.
  bool clean = false;
  /// Counts the runs of the sink: that of a later run counts, whatever an older one that nothing
  /// fences wrote behind it.
  std::uint64_t generation = 0;
  /// By the sink's clock; no value: not known. Not stored with the position.
  std::optional<WallTime> written_at = std::nullopt;
};

/// What a sink found of its own checkpoint.
struct Found {
  /// False for a sink that stores no positions (stdout): the source's own position counts.
  bool keeps_checkpoints = true;
  std::optional<Checkpoint> checkpoint;
};

}  // namespace outrider
