// Where to resume a slot, packed into a Position and stored as JSON; pure. Used by the Postgres
// source.
#pragma once

#include "connectors/position.h"
#include "connectors/postgres/lsn.h"
#include "relay/base/error.h"

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace outrider::postgres {

/// The name of a database or slot, without allocation; at most 63 bytes, as Postgres allows
/// (NAMEDATALEN). Empty by default.
class Identifier {
 public:
  static constexpr std::size_t kBytesMax = 63;

  constexpr Identifier() = default;
  /// Refused if it is too long or holds a NUL.
  static Result<Identifier> from(std::string_view name);

  /// Lives as long as this identifier.
  std::string_view view() const { return {bytes_.data(), strnlen(bytes_.data(), kBytesMax)}; }
  auto operator<=>(const Identifier&) const = default;

 private:
  std::array<char, kBytesMax + 1> bytes_{};
};

/// Everything needed to resume and to notice that it cannot be done without loss.
struct PostgresPosition {
  /// How far a transaction that was too large for one ticket has been delivered. Names the
  /// transaction by its commit record, because `end_lsn` is known only after the last event.
  struct Partial {
    Lsn final_lsn;
    std::uint32_t xid = 0;
    std::uint64_t events_done = 0;  ///< Messages, counted before any filter.
    auto operator<=>(const Partial&) const = default;
    bool none() const { return final_lsn == Lsn{} && events_done == 0; }
  };

  /// The last transaction seen: if the server says another one there, its history is not ours.
  /// Before there is one, the place where reading the slot began, with no xid. Either way nothing
  /// of ours lies between `end_lsn` and the position. None: not even that is known, and what the
  /// server says again before the position cannot be checked.
  struct Fingerprint {
    Lsn end_lsn;
    std::uint32_t xid = 0;            ///< Never 0 in a transaction (InvalidTransactionId).
    std::int64_t commit_time_us = 0;  ///< Microseconds since 1970-01-01 UTC.
    auto operator<=>(const Fingerprint&) const = default;
    bool none() const { return end_lsn == Lsn{}; }
    bool is_transaction() const { return xid != 0; }
  };

  std::uint64_t system_id = 0;
  std::uint32_t timeline = 0;
  Identifier database;
  Identifier slot;
  /// The end of the last complete transaction, or a later place between transactions.
  Lsn end_lsn;
  Partial partial;
  Fingerprint last;
  /// Of the publication and its tables; another number means that rows may have been left out.
  std::uint64_t publication_digest = 0;

  auto operator<=>(const PostgresPosition&) const = default;

  Position pack() const;
  /// Refused if another source made it.
  static Result<PostgresPosition> unpack(const Position& position);
};

/// Stores a position as {"format":1,"system_id":"…","timeline":1,"database":"…","slot":"…",
/// "end_lsn":"0/16B3748","partial":{…},"last":{…},"publication_digest":"…"}. `partial` and `last`
/// are left out if there is none. Numbers that other readers would round are strings.
class PostgresPositionFormat final : public PositionFormat {
 public:
  std::string to_json(const Position& position) const override;
  Result<Position> from_json(std::string_view json) const override;
  bool is_further(const Position& position, const Position& other) const override;
};

}  // namespace outrider::postgres
