#include "connectors/postgres/values.h"

#include "connectors/postgres/byte_reader.h"
#include "connectors/postgres/postgres_time.h"
#include "connectors/postgres/timestamp_text.h"
#include "relay/base/utf8.h"

#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace outrider::postgres {
namespace {

// See Postgres, catalog/pg_type.dat; these numbers never change.
enum TypeOid : std::uint32_t {
  kBool = 16,
  kBytea = 17,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kBpchar = 1042,
  kVarchar = 1043,
  kTimestamp = 1114,
  kTimestamptz = 1184,
  kUuid = 2950,
  kJsonb = 3802,
};

constexpr std::string_view kHexadecimalDigits = "0123456789abcdef";

Value as(Value::Kind kind, std::string_view data) { return {kind, data, {}}; }

Value unreadable(std::string_view bytes) { return as(Value::Kind::Unreadable, bytes); }

Value read_point_in_time(std::optional<WallTime> time, std::string_view bytes) {
  if (!time) return unreadable(bytes);
  return {Value::Kind::Timestamp, bytes, *time};
}

Value read_binary_timestamp(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto number = reader.signed_number<std::int64_t>();
  if (!reader.ok() || reader.remaining() > 0) return unreadable(bytes);
  const std::optional<WallTime> time = wall_time(number);
  // As in the text form, which ends there in "BC".
  constexpr WallTime kFirst = std::chrono::sys_days(std::chrono::January / 1 / 1);
  if (time && *time < kFirst) return unreadable(bytes);
  return read_point_in_time(time, bytes);
}

Value read_binary_bool(std::string_view bytes) {
  if (bytes.size() != 1) return unreadable(bytes);
  return as(Value::Kind::Text, bytes[0] != 0 ? "true" : "false");
}

Value read_text_bool(std::string_view bytes) {
  if (bytes != "t" && bytes != "f") return unreadable(bytes);
  return as(Value::Kind::Text, bytes == "t" ? "true" : "false");
}

// See Postgres, jsonb_send(): a version number, then the text.
Value read_binary_jsonb(std::string_view bytes) {
  if (!bytes.starts_with('\x01')) return unreadable(bytes);
  return as(Value::Kind::Text, bytes.substr(1));
}

std::optional<unsigned> hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

bool readable_in_binary(std::uint32_t type_oid) {
  switch (type_oid) {
    case kBool:
    case kBytea:
    case kName:
    case kInt8:
    case kInt2:
    case kInt4:
    case kText:
    case kOid:
    case kJson:
    case kBpchar:
    case kVarchar:
    case kTimestamp:
    case kTimestamptz:
    case kUuid:
    case kJsonb:
      return true;
    default:
      return false;
  }
}

TextBytes text_bytes(std::string_view server_encoding) {
  return server_encoding == "SQL_ASCII" ? TextBytes::Any : TextBytes::Utf8;
}

Value::Kind kind_of(std::uint32_t type_oid) {
  switch (type_oid) {
    case kBytea:
      return Value::Kind::Bytes;
    case kTimestamp:
    case kTimestamptz:
      return Value::Kind::Timestamp;
    default:
      return Value::Kind::Text;
  }
}

Value ValueReader::read(const Column& column, std::uint32_t type_oid, std::int32_t type_modifier) {
  Value value = convert(column, type_oid);
  if (value.kind == Value::Kind::Timestamp) {
    value.data = written(value.timestamp, type_oid, type_modifier);
  }
  if (text_ == TextBytes::Any && value.kind == Value::Kind::Text && !is_utf8(value.data)) {
    value.kind = Value::Kind::Undecodable;
  }
  return value;
}

Value ValueReader::convert(const Column& column, std::uint32_t type_oid) {
  switch (column.format) {
    case Column::Format::Null:
      return {};
    case Column::Format::Text:
      return read_text(column.bytes, type_oid);
    case Column::Format::Binary:
      return read_binary(column.bytes, type_oid);
    case Column::Format::Unchanged:
      break;
  }
  return unreadable(column.bytes);
}

Value ValueReader::read_text(std::string_view bytes, std::uint32_t type_oid) {
  switch (type_oid) {
    case kBool:
      return read_text_bool(bytes);
    case kBytea:
      return read_hexadecimal(bytes);
    case kTimestamp:
    case kTimestamptz:
      return read_point_in_time(parse_timestamp(bytes), bytes);
    default:
      return as(Value::Kind::Text, bytes);
  }
}

Value ValueReader::read_binary(std::string_view bytes, std::uint32_t type_oid) {
  switch (type_oid) {
    case kText:
    case kVarchar:
    case kBpchar:
    case kJson:
    case kName:
      return as(Value::Kind::Text, bytes);
    case kJsonb:
      return read_binary_jsonb(bytes);
    case kUuid:
      return read_uuid(bytes);
    case kBytea:
      return as(Value::Kind::Bytes, bytes);
    case kTimestamp:
    case kTimestamptz:
      return read_binary_timestamp(bytes);
    case kInt2:
      return read_number<std::int16_t>(bytes);
    case kInt4:
      return read_number<std::int32_t>(bytes);
    case kInt8:
      return read_number<std::int64_t>(bytes);
    case kOid:
      return read_number<std::uint32_t>(bytes);
    case kBool:
      return read_binary_bool(bytes);
    default:
      return unreadable(bytes);
  }
}

std::string_view ValueReader::written(WallTime time, std::uint32_t type_oid,
                                      std::int32_t type_modifier) {
  if (type_oid == kTimestamptz) {
    return write_timestamp(
        time, std::span<char, kTimestampBytesMax>(reserve(kTimestampBytesMax), kTimestampBytesMax));
  }
  // See Postgres, timestamptypmodin(): the modifier is the number of decimals, or -1.
  constexpr std::int32_t kMilliseconds = 3;
  const bool is_coarse = type_modifier >= 0 && type_modifier <= kMilliseconds;
  return digits_of(
      is_coarse ? std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count()
                : time.time_since_epoch().count());
}

template <typename Number>
std::string_view ValueReader::digits_of(Number number) {
  constexpr std::size_t kDigitsMax = std::numeric_limits<Number>::digits10 + 2;  // With a sign.
  char* begin = reserve(kDigitsMax);
  return {begin, std::to_chars(begin, begin + kDigitsMax, number).ptr};
}

template <typename Number>
Value ValueReader::read_number(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto number = static_cast<Number>(reader.number<std::make_unsigned_t<Number>>());
  if (!reader.ok() || reader.remaining() > 0) return unreadable(bytes);
  return as(Value::Kind::Text, digits_of(number));
}

Value ValueReader::read_uuid(std::string_view bytes) {
  constexpr std::size_t kUuidBytes = 16;
  constexpr std::size_t kUuidTextBytes = 36;
  if (bytes.size() != kUuidBytes) return unreadable(bytes);
  char* begin = reserve(kUuidTextBytes);
  char* end = begin;
  for (std::size_t i = 0; i < kUuidBytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *end++ = '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    *end++ = kHexadecimalDigits[byte >> 4U];
    *end++ = kHexadecimalDigits[byte & 0xFU];
  }
  return as(Value::Kind::Text, {begin, kUuidTextBytes});
}

Value ValueReader::read_hexadecimal(std::string_view bytes) {
  if (!bytes.starts_with("\\x") || bytes.size() % 2 != 0) return unreadable(bytes);
  const std::string_view digits = bytes.substr(2);
  const std::size_t size = digits.size() / 2;
  char* begin = reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto high = hexadecimal_digit(digits[2 * i]);
    const auto low = hexadecimal_digit(digits[2 * i + 1]);
    if (!high || !low) return unreadable(bytes);
    begin[i] = static_cast<char>((*high << 4U) | *low);
  }
  return as(Value::Kind::Bytes, {begin, size});
}

}  // namespace outrider::postgres
