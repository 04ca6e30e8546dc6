// What a source says; made by sources, read by the pipeline and its mapper.
#pragma once

#include "relay/base/time.h"

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace outrider {

/// Names one event for ever: the transaction's commit position in the source and the event's place
/// in it, counted from 0 over all messages of the transaction before any filter.
struct EventId {
  std::uint64_t transaction = 0;
  std::uint64_t ordinal = 0;
  auto operator<=>(const EventId&) const = default;
};

/// One column's value. `data` lives until the next call of Source::next().
struct Value {
  enum class Kind : std::uint8_t {
    Null,
    Text,         ///< UTF-8 text in `data`: text, json, jsonb, uuid, numbers, …
    Bytes,        ///< Raw bytes in `data`.
    Undecodable,  ///< Text in `data` that is no UTF-8.
    Timestamp,    ///< A point in time in `timestamp`, and as text in `data`.
    Unreadable,   ///< A type that the source cannot convert; `data` is what the server sent.
  };
  Kind kind = Kind::Null;
  std::string_view data;
  WallTime timestamp;
};

/// A table as the rows that follow see it. Lives until the source is released or replaces it.
struct Table {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;
  /// What each column holds besides NULL: Text, Bytes or Timestamp. Empty: not known.
  std::vector<Value::Kind> kinds = {};
  /// Unique in the process: a new number whenever a table's description arrives anew. What a mapper
  /// derives from a table it keeps under this number.
  std::uint64_t version = 0;
};

/// A row was inserted. `values` has one entry per column of `table`.
struct RowInserted {
  const Table* table = nullptr;
  std::span<const Value> values;
};

/// A message written into the log without a table.
struct LogicalMessage {
  /// Part of the transaction around it; else it holds whether that commits or not, and is no place
  /// to resume from.
  bool is_transactional = false;
  std::string_view prefix;
  std::string_view content;
};

/// Something of the transaction that is no event of the outbox: an update, a delete, a truncate.
struct OtherChange {
  enum class Kind : std::uint8_t { Update, Delete, Truncate };
  Kind kind = Kind::Update;
};

/// The transaction of the events before is complete.
struct Committed {};

/// Nothing of interest happened up to a position that lies between transactions. `urgent`: the
/// source would like it confirmed at once.
struct Idle {
  bool urgent = false;
};

/// The source got on, but with something that says nothing; more may be ready.
struct Nothing {};

/// What a source says. Views live until the next call of Source::next().
struct Event {
  EventId id;
  /// The source's own number of the transaction, as its tools show it (Postgres: xid); 0: none.
  std::uint64_t xid = 0;
  WallTime committed_at;
  std::variant<RowInserted, LogicalMessage, OtherChange, Committed, Idle, Nothing> what;
};

}  // namespace outrider
