// Input: one pgoutput message.
#include "connectors/postgres/pgoutput.h"
#include "tests/fuzz/fuzz_input.h"

#include <string>
#include <type_traits>

namespace outrider::postgres {
namespace {

using fuzz::check_error;
using fuzz::is_within;

// Every view of a decoded message against the bytes it must point into.
class Views {
 public:
  explicit Views(std::string_view bytes) : bytes_(bytes) {}

  void operator()(const Begin&) const {}
  void operator()(const Commit&) const {}
  void operator()(const Truncate&) const {}
  void operator()(const Ignored&) const {}
  void operator()(const Origin& origin) const { name(origin.name); }
  void operator()(const Type& type) const { schema(type.schema), name(type.name); }
  void operator()(const Insert& insert) const { row(insert.row); }
  void operator()(const Delete& deletion) const { row(deletion.old_row); }
  void operator()(const Update& update) const { row(update.old_row), row(update.row); }
  void operator()(const Message& message) const { name(message.prefix), view(message.content); }
  void operator()(const Relation& relation) const {
    schema(relation.schema);
    name(relation.name);
    for (const RelationColumn& column : relation.columns) name(column.name);
  }

 private:
  void view(std::string_view part) const {
    OUTRIDER_ASSERT(is_within(part, bytes_), "a view lies inside the message");
  }
  void name(std::string_view part) const {
    view(part);
    OUTRIDER_ASSERT(!fuzz::has_zero_byte(part), "a name ends before its NUL");
  }
  // The server leaves the schema of its own types out.
  void schema(std::string_view part) const {
    if (part != "pg_catalog") name(part);
  }
  void row(std::span<const Column> columns) const {
    for (const Column& column : columns) {
      view(column.bytes);
      const bool has_bytes =
          column.format == Column::Format::Text || column.format == Column::Format::Binary;
      OUTRIDER_ASSERT(has_bytes || column.bytes.empty(), "only a value that was sent has bytes");
    }
  }

  std::string_view bytes_;
};

bool is_message(std::string_view bytes) {
  PgoutputScratch scratch;
  return decode_pgoutput(bytes, scratch).has_value();
}

}  // namespace
}  // namespace outrider::postgres

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string_view bytes = fuzz::text_of(data, size);
  // Kept from input to input, as a stream does.
  static postgres::PgoutputScratch scratch;
  const auto message = postgres::decode_pgoutput(bytes, scratch);
  if (!message) {
    fuzz::check_error(message.error(), ErrorKind::Refused);
    return 0;
  }
  std::visit(postgres::Views(bytes), *message);
  if (!std::holds_alternative<postgres::Ignored>(*message)) {
    OUTRIDER_ASSERT(!postgres::is_message(bytes.substr(0, size - 1)), "a message is not shorter");
    OUTRIDER_ASSERT(!postgres::is_message(std::string(bytes) + '\0'), "a message is not longer");
  }
  return 0;
}
