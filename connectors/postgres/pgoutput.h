// The messages of the logical decoding plugin pgoutput, protocol version 1; pure. Used by the
// Postgres source.
#pragma once

#include "connectors/postgres/lsn.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace outrider::postgres {

/// Names a table on this server; other servers and restored databases have other numbers.
enum class RelationId : std::uint32_t {};

/// See Postgres, Logical Replication Message Formats; the letters are the first bytes on the wire.
struct Begin {    // B
  Lsn final_lsn;  ///< Where the commit record begins; the same that Commit calls commit_lsn.
  WallTime committed_at;
  std::uint32_t xid = 0;
};

struct Commit {  // C
  Lsn commit_lsn;
  Lsn end_lsn;  ///< Where to resume so that this transaction is not sent again.
  WallTime committed_at;
};

struct Origin {  // O
  Lsn origin_lsn;
  std::string_view name;
};

struct RelationColumn {
  std::string_view name;
  std::uint32_t type_oid = 0;
  std::int32_t type_modifier = -1;
  bool in_key = false;
};

/// How the rows that follow look, until the next Relation with the same id.
struct Relation {  // R
  RelationId id{};
  std::string_view schema;
  std::string_view name;
  char replica_identity = 'd';
  std::span<const RelationColumn> columns;
};

struct Type {  // Y
  std::uint32_t oid = 0;
  std::string_view schema;
  std::string_view name;
};

/// One value of a row as it came.
struct Column {
  enum class Format : char {
    Null = 'n',
    Unchanged = 'u',  ///< A stored-aside value that the update did not touch; never in an Insert.
    Text = 't',
    Binary = 'b',
  };
  Format format = Format::Null;
  std::string_view bytes;
};

struct Insert {  // I
  RelationId relation{};
  std::span<const Column> row;
};

struct Update {  // U
  RelationId relation{};
  /// The row before, or its key alone; empty if the server did not send it.
  std::span<const Column> old_row;
  std::span<const Column> row;
};

struct Delete {  // D
  RelationId relation{};
  std::span<const Column> old_row;
};

struct Truncate {  // T
  bool cascade = false;
  bool restart_identity = false;
  std::span<const RelationId> relations;
};

struct Message {  // M
  bool transactional = false;
  Lsn lsn;
  std::string_view prefix;
  std::string_view content;
};

/// A message that means nothing to a reader without streaming: the Stream Abort that Postgres 18
/// may send although nothing was streamed.
struct Ignored {
  char tag = 0;
};

using PgoutputMessage = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete,
                                     Truncate, Message, Ignored>;

/// What a decoded message points into besides its bytes. Kept and given again by the caller, so
/// that decoding a row allocates nothing once the vectors have grown to the widest table.
struct PgoutputScratch {
  std::vector<Column> row;
  std::vector<Column> old_row;
  std::vector<RelationColumn> columns;
  std::vector<RelationId> relations;
};

/// Reads one message. All views and spans live as long as `bytes` and until `scratch` is used
/// again. Refused, with the byte and the message, if it is malformed or of a later protocol
/// version.
Result<PgoutputMessage> decode_pgoutput(std::string_view bytes, PgoutputScratch& scratch);

}  // namespace outrider::postgres
