// What the Postgres source can be told; filled by config/, read by the source and by setup.
#pragma once

#include "connectors/position.h"

#include <string>
#include <vector>

namespace outrider::postgres {

/// A table by its exact name, as Postgres stores it (case matters, no quotes).
struct TableName {
  std::string schema = "public";
  std::string name = "outbox";
  auto operator<=>(const TableName&) const = default;
};

/// What to do when the slot was used before but the sink has no checkpoint of it.
enum class WithoutCheckpoint { Adopt, Refuse };

/// What to do on the very first start when the outbox held rows before the slot existed.
enum class OnFirstStart { Refuse, Ignore };

struct Options {
  /// A libpq connection string or URI of the relay's own role (LOGIN, REPLICATION).
  std::string dsn;
  /// At most one of the two; the file is read again at each connect.
  std::string password;
  std::string password_file;
  std::string slot;
  std::string publication;
  /// The tables whose inserts are events; the publication must cover each. Empty only if there is a
  /// message_prefix.
  std::vector<TableName> tables = {TableName{}};
  /// Transactional messages in the log with this prefix are events; empty: none is.
  std::string message_prefix;
  Delivery delivery = Delivery::ExactlyOnce;
  WithoutCheckpoint without_checkpoint = WithoutCheckpoint::Adopt;
  OnFirstStart on_first_start = OnFirstStart::Refuse;
};

}  // namespace outrider::postgres
