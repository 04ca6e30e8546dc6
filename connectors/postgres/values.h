// Turns a column as Postgres sent it into a value that everyone understands; pure. Used by the
// Postgres source.
#pragma once

#include "connectors/event.h"
#include "connectors/postgres/pgoutput.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>

namespace outrider::postgres {

/// True if ValueReader understands the binary form of the type. Of all other types only the text
/// form has a value, so a table with such a column that matters is read without `binary 'true'`.
bool readable_in_binary(std::uint32_t type_oid);

/// What values of the type are, unless they are NULL or cannot be read: Text, Bytes or Timestamp.
Value::Kind kind_of(std::uint32_t type_oid);

/// What a server may send as text.
enum class TextBytes : std::uint8_t {
  Utf8,  ///< It converts and checks.
  Any,   ///< Whatever was written into a database of encoding SQL_ASCII.
};

/// `server_encoding`: as the server's setting says, for example UTF8.
TextBytes text_bytes(std::string_view server_encoding);

/// Converts the columns of one row after the other. What has to be written anew (uuid, numbers,
/// bytea sent as text) lives in the reader until the next begin_row(); all other values point into
/// the message. Memory beyond a small fixed part is given back with each row.
class ValueReader {
 public:
  explicit ValueReader(TextBytes text = TextBytes::Utf8) : text_(text) {}
  ValueReader(const ValueReader&) = delete;
  ValueReader& operator=(const ValueReader&) = delete;

  /// Ends the life of all values that this reader made before.
  void begin_row() { written_.release(); }

  /// Never fails: what it cannot convert, and bytes that no server would send for the type, are
  /// Unreadable; text of any bytes that are no UTF-8 is Undecodable. The text of a point in time is
  /// what Debezium sends by default: of a timestamptz ISO 8601 in UTC, of a timestamp, as if it
  /// were in UTC, the microseconds since 1970, or the milliseconds if the column keeps no more than
  /// these. `type_modifier`: as a Relation message has it.
  Value read(const Column& column, std::uint32_t type_oid, std::int32_t type_modifier = -1);

 private:
  static constexpr std::size_t kFixedBytes = 4096;

  Value convert(const Column& column, std::uint32_t type_oid);
  std::string_view written(WallTime time, std::uint32_t type_oid, std::int32_t type_modifier);
  Value read_text(std::string_view bytes, std::uint32_t type_oid);
  Value read_binary(std::string_view bytes, std::uint32_t type_oid);
  Value read_uuid(std::string_view bytes);
  Value read_hexadecimal(std::string_view bytes);
  template <typename Number>
  std::string_view digits_of(Number number);
  template <typename Number>
  Value read_number(std::string_view bytes);
  char* reserve(std::size_t size) { return static_cast<char*>(written_.allocate(size, 1)); }

  TextBytes text_;
  std::array<std::byte, kFixedBytes> fixed_;
  std::pmr::monotonic_buffer_resource written_{fixed_.data(), fixed_.size()};
};

}  // namespace outrider::postgres
