#include "relay/core/outbox_mapper.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace outrider {
namespace {

// More than any sane number of tables or aggregate types; the caches start over beyond it.
constexpr std::size_t kTablesMax = 64;
constexpr std::size_t kTopicsMax = 4096;

// The JSON library writes nested values recursively, so deeper ones could exhaust the stack.
constexpr int kHeaderDepthMax = 500;

std::string quoted(const Table& table) { return "\"" + table.schema + "\".\"" + table.name + "\""; }

std::unexpected<Error> undecodable(const RowInserted& row, const std::string& column) {
  return failure(ErrorKind::BadEvent,
                 "column \"" + column + "\" of " + quoted(*row.table) + " is not UTF-8",
                 "write UTF-8, best in a database with that encoding, or use bytea");
}

/// Text or bytes of a value that must be there.
Result<std::string_view> needed(const RowInserted& row, int column, const std::string& name) {
  const Value& value = row.values[static_cast<std::size_t>(column)];
  switch (value.kind) {
    case Value::Kind::Text:
    case Value::Kind::Bytes:
      return value.data;
    case Value::Kind::Null:
      return failure(ErrorKind::BadEvent,
                     "column \"" + name + "\" of " + quoted(*row.table) + " is NULL",
                     "declare the column NOT NULL");
    case Value::Kind::Undecodable:
      return undecodable(row, name);
    case Value::Kind::Timestamp:
    case Value::Kind::Unreadable:
      break;
  }
  return failure(ErrorKind::Misconfigured,
                 "column \"" + name + "\" of " + quoted(*row.table) +
                     " has a type that cannot be sent as text",
                 "use text, uuid, integer, json, jsonb or bytea");
}

/// Text of a column that the table may lack.
Result<std::optional<std::string_view>> optional_text(const RowInserted& row, int column,
                                                      const std::string& name) {
  if (column < 0) return std::nullopt;
  const Value& value = row.values[static_cast<std::size_t>(column)];
  if (value.kind == Value::Kind::Undecodable) return undecodable(row, name);
  return value.kind == Value::Kind::Text ? std::optional(value.data) : std::nullopt;
}

}  // namespace

Result<OutboxMapper> OutboxMapper::create(OutboxOptions options) {
  OUTRIDER_TRY(TopicTemplate topic, TopicTemplate::parse(options.topic));
  return OutboxMapper(std::move(options), std::move(topic));
}

Result<const OutboxMapper::Columns*> OutboxMapper::columns_of(const Table& table) {
  for (const Columns& known : known_) {
    if (known.version == table.version) return &known;
  }
  Columns columns;
  columns.version = table.version;
  columns.is_outbox = std::ranges::any_of(options_.tables, [&](const OutboxTable& outbox) {
    return outbox.schema == table.schema && outbox.name == table.name;
  });
  const auto find = [&](const std::string& name) {
    const auto at = std::ranges::find(table.columns, name);
    return at == table.columns.end() ? kAbsent : static_cast<int>(at - table.columns.begin());
  };
  const OutboxColumns& names = options_.columns;
  if (columns.is_outbox) {
    std::string missing;
    const auto need = [&](const std::string& name) {
      const int index = find(name);
      if (index == kAbsent) missing += (missing.empty() ? "\"" : ", \"") + name + "\"";
      return index;
    };
    columns.id = need(names.id);
    columns.aggregatetype = need(names.aggregatetype);
    columns.aggregateid = need(names.aggregateid);
    columns.type = need(names.type);
    columns.payload = need(names.payload);
    if (!missing.empty()) {
      return failure(ErrorKind::Misconfigured,
                     "outbox table " + quoted(table) + " misses column " + missing,
                     "ALTER TABLE … ADD COLUMN, or name the table's own columns under "
                     "outbox.columns, then restart");
    }
    columns.headers = find(names.headers);
    columns.traceparent = find(names.traceparent);
    columns.tracestate = find(names.tracestate);
    columns.timestamp = find(names.timestamp);
  }
  if (known_.size() >= kTablesMax) known_.clear();
  known_.push_back(columns);
  return &known_.back();
}

Result<std::string_view> OutboxMapper::topic_of(std::string_view aggregatetype) {
  if (const auto known = topics_.find(aggregatetype); known != topics_.end()) {
    return std::string_view(known->second);
  }
  OUTRIDER_TRY(topic_.expand(aggregatetype, topic_text_));
  if (topics_.size() >= kTopicsMax) topics_.clear();
  return std::string_view(topics_.emplace(aggregatetype, topic_text_).first->second);
}

Result<void> OutboxMapper::add_json_headers(std::string_view json) {
  bool too_deep = false;
  const auto look_at_depth = [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    too_deep = too_deep || depth > kHeaderDepthMax;
    return !too_deep;
  };
  const nlohmann::json parsed = nlohmann::json::parse(json, look_at_depth, false);
  if (too_deep) {
    return failure(ErrorKind::BadEvent,
                   "column \"" + options_.columns.headers + "\" is nested deeper than " +
                       std::to_string(kHeaderDepthMax) + " levels",
                   "send deep structures in the payload");
  }
  if (!parsed.is_object()) {
    return failure(ErrorKind::BadEvent,
                   "column \"" + options_.columns.headers + "\" is not a JSON object",
                   "write headers as {\"name\": \"value\"}");
  }
  for (const auto& [name, value] : parsed.items()) {
    std::optional<std::string> text;
    if (value.is_string()) {
      text = value.get_ref<const std::string&>();
    } else if (!value.is_null()) {
      text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    json_headers_.emplace_back(name, std::move(text));
  }
  for (const auto& [name, value] : json_headers_) headers_.push_back({name, value});
  return {};
}

Result<void> OutboxMapper::add_headers(const RowInserted& row, const Columns& columns) {
  headers_.clear();
  json_headers_.clear();
  OUTRIDER_TRY(const std::string_view id, needed(row, columns.id, options_.columns.id));
  OUTRIDER_TRY(const std::string_view type, needed(row, columns.type, options_.columns.type));
  if (!options_.id_header.empty()) headers_.push_back({options_.id_header, id});
  if (!options_.type_header.empty()) headers_.push_back({options_.type_header, type});
  const OutboxColumns& names = options_.columns;
  OUTRIDER_TRY(const auto traceparent, optional_text(row, columns.traceparent, names.traceparent));
  if (traceparent) headers_.push_back({"traceparent", *traceparent});
  OUTRIDER_TRY(const auto tracestate, optional_text(row, columns.tracestate, names.tracestate));
  if (tracestate) headers_.push_back({"tracestate", *tracestate});
  OUTRIDER_TRY(const auto headers, optional_text(row, columns.headers, names.headers));
  return headers ? add_json_headers(*headers) : Result<void>{};
}

Result<const Record*> OutboxMapper::map(const RowInserted& row, const Event& event) {
  OUTRIDER_TRY(const Columns* columns, columns_of(*row.table));
  if (!columns->is_outbox) return nullptr;
  if (row.values.size() != row.table->columns.size()) {
    return failure(ErrorKind::Refused, "row of " + quoted(*row.table) + " has " +
                                           std::to_string(row.values.size()) + " values for " +
                                           std::to_string(row.table->columns.size()) + " columns");
  }
  const OutboxColumns& names = options_.columns;
  OUTRIDER_TRY(const std::string_view aggregatetype,
               needed(row, columns->aggregatetype, names.aggregatetype));
  OUTRIDER_TRY(record_.topic, topic_of(aggregatetype));
  OUTRIDER_TRY(record_.key, needed(row, columns->aggregateid, names.aggregateid));
  OUTRIDER_TRY(add_headers(row, *columns));
  record_.headers = headers_;
  const Value& payload = row.values[static_cast<std::size_t>(columns->payload)];
  if (payload.kind == Value::Kind::Null && options_.null_payload == NullPayload::Tombstone) {
    record_.value = std::nullopt;
  } else {
    OUTRIDER_TRY(record_.value, needed(row, columns->payload, names.payload));
  }
  record_.timestamp = event.committed_at;
  if (columns->timestamp != kAbsent) {
    const Value& timestamp = row.values[static_cast<std::size_t>(columns->timestamp)];
    if (timestamp.kind == Value::Kind::Timestamp) record_.timestamp = timestamp.timestamp;
  }
  record_.event = event.id;
  return &record_;
}

}  // namespace outrider
