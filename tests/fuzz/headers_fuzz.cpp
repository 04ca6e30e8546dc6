// Input: the headers column of an outbox row.
#include "connectors/stdout/record_line.h"
#include "relay/core/outbox_mapper.h"
#include "tests/fuzz/fuzz_input.h"

#include <nlohmann/json.hpp>

#include <array>
#include <string>

namespace outrider {
namespace {

constexpr std::size_t kOwnHeaders = 2;  // The row's id and type.

void check_header(const Header& header, const nlohmann::json& value) {
  if (value.is_null()) {
    OUTRIDER_ASSERT(!header.value, "null is a header without a value");
  } else if (value.is_string()) {
    OUTRIDER_ASSERT(header.value == value.get_ref<const std::string&>(), "text is sent as it is");
  } else {
    OUTRIDER_ASSERT(header.value && nlohmann::json::parse(*header.value) == value,
                    "anything else is sent as JSON");
  }
}

void check_record(const Record& record, std::string_view column) {
  const nlohmann::json parsed = nlohmann::json::parse(column);
  OUTRIDER_ASSERT(record.headers.size() == kOwnHeaders + parsed.size(), "one header per key");
  for (const Header& header : record.headers.subspan(kOwnHeaders)) {
    const auto found = parsed.find(std::string(header.name));
    OUTRIDER_ASSERT(found != parsed.end(), "a header has the name of a key");
    check_header(header, *found);
  }
  std::string line;
  standard_output::append_line(record, line);
  OUTRIDER_ASSERT(nlohmann::json::accept(line), "a record can be printed as JSON");
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static OutboxMapper mapper = *OutboxMapper::create({});
  static const Table table{
      .schema = "public",
      .name = "outbox",
      .columns = {"id", "aggregatetype", "aggregateid", "type", "payload", "headers"},
      .version = 1};
  const std::string_view column = fuzz::text_of(data, size);
  const auto text = [](std::string_view content) { return Value{Value::Kind::Text, content, {}}; };
  const std::array row{text("7"),      text("order"), text("o-1"),
                       text("Placed"), text("{}"),    text(column)};
  const Result<const Record*> record = mapper.map({.table = &table, .values = row}, {});
  if (record) {
    check_record(**record, column);
  } else {
    fuzz::check_error(record.error(), ErrorKind::BadEvent);
  }
  return 0;
}
