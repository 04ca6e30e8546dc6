#include "tests/simulation/postgres_messages.h"

#include "relay/base/assert.h"
#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <array>
#include <charconv>
#include <span>
#include <string_view>

namespace outrider::simulation {
namespace {

using outrider::testing::PgoutputWriter;

struct ColumnShape {
  std::string_view name;
  std::uint32_t type_oid = 0;
};

// See Postgres, catalog/pg_type.dat.
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kVarchar = 1043;
constexpr std::uint32_t kUuid = 2950;
constexpr std::uint32_t kJsonb = 3802;

constexpr std::array<ColumnShape, 6> kOutbox = {{{"id", kUuid},
                                                 {"aggregatetype", kVarchar},
                                                 {"aggregateid", kVarchar},
                                                 {"type", kVarchar},
                                                 {"payload", kJsonb},
                                                 {"place", kOddType}}};
constexpr std::array<ColumnShape, 5> kOther = {
    {{"id", kText}, {"actor", kText}, {"action", kText}, {"reason", kText}, {"details", kText}}};

std::span<const ColumnShape> columns_of(const PostgresShape& shape, std::size_t table) {
  if (kind_of(table) == TableKind::Other) return kOther;
  return std::span(kOutbox).first(kOutbox.size() - (shape.has_odd_column ? 0 : 1));
}

// See Postgres, uuid_send().
std::string binary_uuid(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    if (text[at] == '-') ++at;
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
    OUTRIDER_ASSERT(error == std::errc{} && end == text.data() + at + 2, "the id is no uuid");
    bytes += static_cast<char>(static_cast<unsigned char>(byte));
  }
  OUTRIDER_ASSERT(bytes.size() == 16, "the id is no uuid");
  return bytes;
}

std::string binary_value(std::uint32_t type_oid, const std::string& text) {
  if (type_oid == kUuid) return binary_uuid(text);
  // See Postgres, jsonb_send(): the version of the format comes first.
  return type_oid == kJsonb ? '\x01' + text : text;
}

enum class Part { Whole, Key };

void append_row(PgoutputWriter& writer, std::span<const ColumnShape> columns, const Change& change,
                Part part, ValueFormat format) {
  writer.number(static_cast<std::int16_t>(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool is_left_out = part == Part::Key && i > 0;
    if (is_left_out || i >= change.values.size() || !change.values[i]) {
      writer.character('n');
    } else if (format == ValueFormat::Binary) {
      writer.character('b').sized(binary_value(columns[i].type_oid, *change.values[i]));
    } else {
      writer.character('t').sized(*change.values[i]);
    }
  }
}

}  // namespace

std::string relation_message(const PostgresShape& shape, std::size_t table) {
  const std::span<const ColumnShape> columns = columns_of(shape, table);
  PgoutputWriter writer('R');
  writer.number(relation_of(table)).text(shape.tables[table].schema).text(shape.tables[table].name);
  writer.character('d').number(static_cast<std::int16_t>(columns.size()));
  for (const ColumnShape& column : columns) {
    writer.number(static_cast<std::uint8_t>(column.name == "id" ? 1 : 0)).text(column.name);
    writer.number(column.type_oid).number(std::int32_t{-1});
  }
  return writer.bytes();
}

std::string change_message(const PostgresShape& shape, const Change& change, ValueFormat format) {
  const std::span<const ColumnShape> columns = columns_of(shape, change.table);
  const std::uint32_t relation = relation_of(change.table);
  PgoutputWriter writer;
  switch (change.kind) {
    case Change::Kind::Insert:
      writer.character('I').number(relation).character('N');
      append_row(writer, columns, change, Part::Whole, format);
      break;
    case Change::Kind::Update:
      writer.character('U').number(relation).character('K');
      append_row(writer, columns, change, Part::Key, format);
      writer.character('N');
      append_row(writer, columns, change, Part::Whole, format);
      break;
    case Change::Kind::Delete:
      writer.character('D').number(relation).character('K');
      append_row(writer, columns, change, Part::Key, format);
      break;
    case Change::Kind::Truncate:
      return outrider::testing::truncate_message(0, {relation});
    case Change::Kind::Message:
      OUTRIDER_ASSERT(false, "a logical message was asked for by nobody");
  }
  return writer.bytes();
}

}  // namespace outrider::simulation
