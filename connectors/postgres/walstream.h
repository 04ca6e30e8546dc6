// The envelopes of streaming replication, both ways; pure. Used by the Postgres source and by the
// simulated server.
#pragma once

#include "connectors/postgres/lsn.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

namespace outrider::postgres {

/// A piece of the log (see Postgres, Streaming Replication Protocol, XLogData). For logical
/// decoding `start` is the place of the one pgoutput message in `payload`, and 0 for Relation, Type
/// and Origin; it does not only rise, so it is no position. `payload` points into the bytes given
/// to decode_copy_data().
struct XLogData {
  Lsn start;
  Lsn wal_end;
  WallTime sent;
  std::string_view payload;
};

/// Everything committed at or below `wal_end` was sent before it on this stream (see Postgres,
/// Primary keepalive message).
struct Keepalive {
  Lsn wal_end;
  WallTime sent;
  bool reply_requested = false;
};

using CopyData = std::variant<XLogData, Keepalive>;

/// Reads one CopyData payload that the server sent. Refused, with the place, if it is malformed.
Result<CopyData> decode_copy_data(std::string_view bytes);

/// What we tell the server (see Postgres, Standby status update).
struct StatusUpdate {
  Lsn write;  ///< Received.
  Lsn flush;  ///< The server may forget everything before it; 0 says nothing about it.
  Lsn apply;
  WallTime sent;
  bool reply_requested = false;
};

inline constexpr std::size_t kStatusUpdateBytes = 34;

/// The CopyData payload of a status update.
std::array<char, kStatusUpdateBytes> encode(const StatusUpdate& update);

}  // namespace outrider::postgres
