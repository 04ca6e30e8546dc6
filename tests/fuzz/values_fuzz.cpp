// Input: the columns of one row, each as type number (4 bytes), format ('n', 'u', 't', 'b'), length
// (2 bytes) and bytes.
#include "connectors/postgres/byte_reader.h"
#include "connectors/postgres/postgres_time.h"
#include "connectors/postgres/values.h"
#include "tests/fuzz/fuzz_input.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace outrider::postgres {
namespace {

struct Typed {
  std::uint32_t type_oid = 0;
  Column column;
};

std::vector<Typed> columns_of(std::string_view input) {
  constexpr std::string_view kFormats = "nutb";
  std::vector<Typed> columns;
  ByteReader reader(input);
  while (reader.remaining() > 0) {
    const auto type_oid = reader.number<std::uint32_t>();
    const char format = reader.character();
    const std::size_t size = reader.number<std::uint16_t>();
    if (!reader.ok() || kFormats.find(format) == std::string_view::npos) break;
    columns.push_back(
        {type_oid,
         {static_cast<Column::Format>(format), reader.take(std::min(size, reader.remaining()))}});
  }
  return columns;
}

void check(const Value& value, const Typed& typed) {
  const auto [format, bytes] = typed.column;
  const bool is_null = value.kind == Value::Kind::Null;
  OUTRIDER_ASSERT(is_null == (format == Column::Format::Null), "null is null and nothing else");
  if (format == Column::Format::Unchanged) {
    OUTRIDER_ASSERT(value.kind == Value::Kind::Unreadable, "an unchanged value is not known");
  }
  if (format == Column::Format::Binary && !readable_in_binary(typed.type_oid)) {
    OUTRIDER_ASSERT(value.kind == Value::Kind::Unreadable, "an unknown binary form is not guessed");
  }
  if (value.kind == Value::Kind::Unreadable) {
    OUTRIDER_ASSERT(value.data == bytes, "what is unreadable is shown as it came");
  }
  if (value.kind == Value::Kind::Timestamp && format == Column::Format::Binary) {
    ByteReader reader(bytes);
    OUTRIDER_ASSERT(since_2000(value.timestamp) == reader.signed_number<std::int64_t>(),
                    "a binary point in time keeps its microsecond");
  }
}

}  // namespace
}  // namespace outrider::postgres

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider::postgres;
  // Kept from row to row, as a stream does.
  static ValueReader reader;
  reader.begin_row();
  std::vector<std::pair<outrider::Value, std::string>> row;
  for (const Typed& typed : columns_of(outrider::fuzz::text_of(data, size))) {
    const outrider::Value value = reader.read(typed.column, typed.type_oid);
    check(value, typed);
    row.emplace_back(value, value.data);
  }
  for (const auto& [value, text] : row) {
    OUTRIDER_ASSERT(value.data == text, "a value lives until the next row");
  }
  return 0;
}
