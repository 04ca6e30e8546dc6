// Input: the content of a logical message.
#include "relay/core/message_row.h"
#include "tests/fuzz/fuzz_input.h"

#include <nlohmann/json.hpp>

#include <string>

namespace outrider {
namespace {

void check_value(const Value& value, const nlohmann::json& object, const std::string& column) {
  const auto member = object.find(column);
  if (member == object.end() || member->is_null()) {
    OUTRIDER_ASSERT(value.kind == Value::Kind::Null, "what is missing or null is NULL");
  } else if (member->is_string()) {
    OUTRIDER_ASSERT(value.data == member->get_ref<const std::string&>(), "a text is its text");
  } else {
    OUTRIDER_ASSERT(nlohmann::json::parse(value.data) == *member, "the rest is its own JSON");
  }
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static MessageRows rows(OutboxOptions{.message_prefix = "outbox"});
  const LogicalMessage message{
      .is_transactional = true, .prefix = "outbox", .content = fuzz::text_of(data, size)};
  const Result<RowInserted> row = rows.read(message);
  if (!row) {
    fuzz::check_error(row.error(), ErrorKind::BadEvent);
    return 0;
  }
  const nlohmann::json object = nlohmann::json::parse(message.content);
  OUTRIDER_ASSERT(row->values.size() == row->table->columns.size(), "a value for every column");
  for (std::size_t i = 0; i < row->values.size(); ++i) {
    check_value(row->values[i], object, row->table->columns[i]);
  }
  return 0;
}
