// What a simulated Postgres holds and what services do to it; used by the simulated server and the
// world.
#pragma once

#include "connectors/postgres/options.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulation {

/// One change of a transaction.
struct Change {
  enum class Kind { Insert, Update, Delete, Truncate, Message };
  Kind kind = Kind::Insert;
  /// Place in PostgresShape::tables; Insert, Update, Delete, Truncate.
  std::size_t table = 0;
  /// Five texts; no value: NULL. Insert into the outbox: id (a uuid), aggregatetype, aggregateid,
  /// type, payload (jsonb). Message: prefix and content. Missing ones are NULL.
  std::vector<std::optional<std::string>> values = {};
};

/// Which release the server speaks like, and what it holds.
struct PostgresShape {
  int major = 15;  ///< 14: sends empty transactions, too; 17: has invalidation_reason; 18: …
  std::uint64_t system_id = 7'000'000'000'000'000'001;
  std::string database = "shop";
  /// The first one is the pipeline's outbox; the rest are published, too, but no outbox.
  std::vector<postgres::TableName> tables = {postgres::TableName{}};
  int max_wal_senders = 2;
  /// False: the publication says only what is inserted, as `outrider setup` makes it.
  bool publishes_all = true;
  /// The outbox has a sixth column, always NULL, of a type that relays read as text only: then they
  /// ask for all values as text.
  bool has_odd_column = false;
  /// Now and then an answer takes seconds.
  bool is_slow_at_times = true;
};

}  // namespace outrider::simulation
