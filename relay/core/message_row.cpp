#include "relay/core/message_row.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace outrider {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::unexpected<Error> no_object(const std::string& prefix) {
  return failure(ErrorKind::BadEvent, "message \"" + prefix + "\" is not a JSON object",
                 "write the columns of an outbox row as one JSON object, in UTF-8");
}

std::string_view without_space(std::string_view json) {
  json.remove_prefix(std::min(json.find_first_not_of(kSpace), json.size()));
  return json;
}

/// Takes one value off the front of text that is known to be JSON.
std::string_view take_value(std::string_view& json) {
  json = without_space(json);
  std::size_t depth = 0;
  std::size_t end = 0;
  bool in_text = false;
  for (; end < json.size(); ++end) {
    const char c = json[end];
    if (in_text) {
      if (c == '\\') ++end;
      if (c == '"') in_text = false;
      if (c != '"' || depth > 0) continue;
      ++end;
      break;
    }
    if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}' || kSpace.find(c) != std::string_view::npos)) {
      break;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      ++end;
      break;
    }
  }
  const std::string_view value = json.substr(0, end);
  json.remove_prefix(value.size());
  return value;
}

}  // namespace

MessageRows::MessageRows(const OutboxOptions& options) : payload_(options.columns.payload) {
  const OutboxColumns& names = options.columns;
  table_.name = options.message_prefix;
  table_.columns = {names.id,          names.aggregatetype, names.aggregateid,
                    names.type,        names.payload,       names.headers,
                    names.traceparent, names.tracestate,    names.tracingspancontext};
  for (const AdditionalColumn& more : options.additional) table_.columns.push_back(more.column);
}

bool MessageRows::takes(const LogicalMessage& message) const {
  return message.is_transactional && !table_.name.empty() && message.prefix == table_.name;
}

Result<RowInserted> MessageRows::read(const LogicalMessage& message) {
  values_.assign(table_.columns.size(), Value{});
  texts_.clear();
  const std::string_view json = without_space(message.content);
  if (!json.starts_with('{') || !nlohmann::json::accept(json)) return no_object(table_.name);
  read_members(json);
  return RowInserted{.table = &table_, .values = values_};
}

RowInserted MessageRows::unread(const LogicalMessage& message) {
  values_.assign(table_.columns.size(), Value{});
  const auto payload = std::ranges::find(table_.columns, payload_) - table_.columns.begin();
  values_[static_cast<std::size_t>(payload)] = {
      .kind = Value::Kind::Bytes, .data = message.content, .timestamp = {}};
  return {.table = &table_, .values = values_};
}

/// Of text that is known to be a JSON object.
void MessageRows::read_members(std::string_view object) {
  std::string_view rest = without_space(object.substr(1));
  while (!rest.starts_with('}')) {
    const std::string name = nlohmann::json::parse(take_value(rest)).get<std::string>();
    rest = without_space(rest).substr(1);  // The colon.
    set(name, take_value(rest));
    rest = without_space(rest);
    if (rest.starts_with(',')) rest = without_space(rest.substr(1));
  }
}

void MessageRows::set(std::string_view name, std::string_view json) {
  Value value{.kind = Value::Kind::Text, .data = json, .timestamp = {}};
  if (json == "null") {
    value = {};
  } else if (json.starts_with('"')) {
    value.data = texts_.emplace_back(nlohmann::json::parse(json).get<std::string>());
  }
  // One column may have two uses, and so two places.
  for (std::size_t i = 0; i < table_.columns.size(); ++i) {
    if (table_.columns[i] == name) values_[i] = value;
  }
}

}  // namespace outrider
