// Builds the messages that a walsender sends, byte by byte; used by the tests of
// connectors/postgres.
#pragma once

#include "connectors/postgres/lsn.h"
#include "connectors/postgres/postgres_time.h"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace outrider::testing {

/// Appends big-endian fields to a message.
class PgoutputWriter {
 public:
  PgoutputWriter() = default;
  explicit PgoutputWriter(char tag) { character(tag); }

  template <std::integral T>
  PgoutputWriter& number(T value) {
    const auto bits = static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(value));
    for (std::size_t i = sizeof(T); i-- > 0;) {
      bytes_ += static_cast<char>(static_cast<unsigned char>((bits >> (8 * i)) & 0xFFU));
    }
    return *this;
  }
  PgoutputWriter& character(char c) {
    bytes_ += c;
    return *this;
  }
  PgoutputWriter& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  /// With the NUL that ends it.
  PgoutputWriter& text(std::string_view text) { return raw(text).character('\0'); }
  PgoutputWriter& lsn(postgres::Lsn lsn) { return number(lsn.value); }
  PgoutputWriter& time(WallTime time) { return number(postgres::since_2000(time)); }
  /// With its length before it.
  PgoutputWriter& sized(std::string_view bytes) {
    return number(static_cast<std::int32_t>(bytes.size())).raw(bytes);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// One value of a row: its format ('n', 'u', 't', 'b') and its bytes.
struct WrittenColumn {
  char format = 'n';
  std::string_view bytes = {};
};

struct WrittenRelationColumn {
  std::string_view name;
  std::uint32_t type_oid = 25;
  bool in_key = false;
};

inline void append_row(PgoutputWriter& writer, std::initializer_list<WrittenColumn> row) {
  writer.number(static_cast<std::int16_t>(row.size()));
  for (const WrittenColumn& column : row) {
    writer.character(column.format);
    if (column.format == 't' || column.format == 'b') writer.sized(column.bytes);
  }
}

inline std::string begin_message(postgres::Lsn final_lsn, WallTime at, std::uint32_t xid) {
  return PgoutputWriter('B').lsn(final_lsn).time(at).number(xid).bytes();
}

inline std::string commit_message(postgres::Lsn commit_lsn, postgres::Lsn end_lsn, WallTime at) {
  return PgoutputWriter('C').number(std::uint8_t{0}).lsn(commit_lsn).lsn(end_lsn).time(at).bytes();
}

inline std::string relation_message(std::uint32_t id, std::string_view schema,
                                    std::string_view name,
                                    std::initializer_list<WrittenRelationColumn> columns) {
  PgoutputWriter writer('R');
  writer.number(id).text(schema).text(name).character('d');
  writer.number(static_cast<std::int16_t>(columns.size()));
  for (const WrittenRelationColumn& column : columns) {
    writer.number(std::uint8_t{column.in_key}).text(column.name);
    writer.number(column.type_oid).number(std::int32_t{-1});
  }
  return writer.bytes();
}

inline std::string insert_message(std::uint32_t relation,
                                  std::initializer_list<WrittenColumn> row) {
  PgoutputWriter writer('I');
  writer.number(relation).character('N');
  append_row(writer, row);
  return writer.bytes();
}

/// `old_kind`: 'K', 'O', or 0 for none.
inline std::string update_message(std::uint32_t relation, char old_kind,
                                  std::initializer_list<WrittenColumn> old_row,
                                  std::initializer_list<WrittenColumn> row) {
  PgoutputWriter writer('U');
  writer.number(relation);
  if (old_kind != 0) {
    writer.character(old_kind);
    append_row(writer, old_row);
  }
  writer.character('N');
  append_row(writer, row);
  return writer.bytes();
}

inline std::string delete_message(std::uint32_t relation, char kind,
                                  std::initializer_list<WrittenColumn> row) {
  PgoutputWriter writer('D');
  writer.number(relation).character(kind);
  append_row(writer, row);
  return writer.bytes();
}

inline std::string truncate_message(std::uint8_t options,
                                    std::initializer_list<std::uint32_t> relations) {
  PgoutputWriter writer('T');
  writer.number(static_cast<std::int32_t>(relations.size())).number(options);
  for (const std::uint32_t relation : relations) writer.number(relation);
  return writer.bytes();
}

inline std::string logical_message(bool transactional, postgres::Lsn lsn, std::string_view prefix,
                                   std::string_view content) {
  return PgoutputWriter('M')
      .number(std::uint8_t{transactional})
      .lsn(lsn)
      .text(prefix)
      .sized(content)
      .bytes();
}

/// The CopyData payloads around them.
inline std::string xlog_data(postgres::Lsn start, postgres::Lsn wal_end, WallTime sent,
                             std::string_view payload) {
  return PgoutputWriter('w').lsn(start).lsn(wal_end).time(sent).raw(payload).bytes();
}

inline std::string keepalive(postgres::Lsn wal_end, WallTime sent, bool reply_requested) {
  return PgoutputWriter('k').lsn(wal_end).time(sent).number(std::uint8_t{reply_requested}).bytes();
}

}  // namespace outrider::testing
