#include "relay/core/outbox_mapper.h"

#include "relay/core/json_string.h"
#include "relay/core/properties_text.h"
#include "relay/core/table_name.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace outrider {
namespace {

// More than any sane number of tables or aggregate types; the caches start over beyond it.
constexpr std::size_t kTablesMax = 64;
constexpr std::size_t kTopicsMax = 4096;

// The JSON library writes nested values recursively, so deeper ones could exhaust the stack.
constexpr int kHeaderDepthMax = 500;

std::unexpected<Error> undecodable(const RowInserted& row, const std::string& column) {
  return failure(ErrorKind::BadEvent,
                 "column \"" + column + "\" of " + shown_name(*row.table) + " is not UTF-8",
                 "write UTF-8, best in a database with that encoding, or use bytea");
}

/// Why a value that is there cannot be used.
std::unexpected<Error> unusable(const RowInserted& row, int column, const std::string& name) {
  const Table& table = *row.table;
  const auto index = static_cast<std::size_t>(column);
  const std::string subject = "column \"" + name + "\" of " + shown_name(table);
  if (index < table.kinds.size() && table.kinds[index] == Value::Kind::Timestamp) {
    return failure(ErrorKind::BadEvent, subject + " is no point in time that can be sent",
                   "write no infinity, and no years before Christ or after 290000");
  }
  return failure(ErrorKind::Misconfigured, subject + " has a type that cannot be sent as text",
                 "use text, uuid, integer, json, jsonb or bytea");
}

/// Text or bytes of a value that must be there.
Result<std::string_view> needed(const RowInserted& row, int column, const std::string& name) {
  const Value& value = row.values[static_cast<std::size_t>(column)];
  switch (value.kind) {
    case Value::Kind::Text:
    case Value::Kind::Bytes:
    case Value::Kind::Timestamp:
      return value.data;
    case Value::Kind::Null:
      return failure(ErrorKind::BadEvent,
                     "column \"" + name + "\" of " + shown_name(*row.table) + " is NULL",
                     "declare the column NOT NULL");
    case Value::Kind::Undecodable:
      return undecodable(row, name);
    case Value::Kind::Unreadable:
      break;
  }
  return unusable(row, column, name);
}

bool is_null(const RowInserted& row, int column) {
  return row.values[static_cast<std::size_t>(column)].kind == Value::Kind::Null;
}

/// As Debezium means it: nothing above the space.
bool is_blank(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0 && c <= ' '; });
}

Result<std::int32_t> partition_of(const RowInserted& row, int column, const std::string& name) {
  OUTRIDER_TRY(const std::string_view text, needed(row, column, name));
  std::int32_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;
  return failure(
      ErrorKind::BadEvent,
      "column \"" + name + "\" of " + shown_name(*row.table) + " is not the number of a partition",
      "partitions are numbered from 0");
}

/// Text of a column that the table may lack.
Result<std::optional<std::string_view>> optional_text(const RowInserted& row, int column,
                                                      const std::string& name) {
  if (column < 0 || is_null(row, column)) return std::nullopt;
  return needed(row, column, name);
}

const TableColumns* address_of(const std::optional<TableColumns>& columns) {
  return columns ? &*columns : nullptr;
}

}  // namespace

Result<OutboxMapper> OutboxMapper::create(OutboxOptions options) {
  using Placement = AdditionalColumn::Placement;
  int keys = 0;
  int partitions = 0;
  for (const AdditionalColumn& column : options.additional) {
    keys += column.placement == Placement::Key ? 1 : 0;
    partitions += column.placement == Placement::Partition ? 1 : 0;
  }
  if (keys > 1 || partitions > 1) {
    return failure(ErrorKind::Misconfigured,
                   "additional columns place more than one column as the " +
                       std::string(keys > 1 ? "key" : "partition"),
                   "leave one");
  }
  OUTRIDER_TRY(TopicTemplate topic, TopicTemplate::of(options));
  return OutboxMapper(std::move(options), std::move(topic));
}

bool OutboxMapper::is_outbox(const Table& table) const {
  if (table.schema.empty()) return table.name == options_.message_prefix;
  return std::ranges::any_of(options_.tables, [&](const OutboxTable& outbox) {
    return outbox.schema == table.schema && outbox.name == table.name;
  });
}

Result<const TableColumns*> OutboxMapper::columns_of(const Table& table) {
  for (const KnownTable& known : known_) {
    if (known.version == table.version) return address_of(known.columns);
  }
  KnownTable known{.version = table.version, .columns = std::nullopt};
  if (is_outbox(table)) {
    OUTRIDER_TRY(known.columns, resolve_columns(table, options_));
  }
  if (known_.size() >= kTablesMax) known_.clear();
  known_.push_back(std::move(known));
  return address_of(known_.back().columns);
}

Result<std::string_view> OutboxMapper::topic_of(const RowInserted& row,
                                                const TableColumns& columns) {
  OUTRIDER_TRY(const std::string_view aggregatetype,
               needed(row, columns.aggregatetype, options_.columns.aggregatetype));
  topic_values_.assign(1, aggregatetype);
  for (std::size_t i = 0; i < columns.additional.size(); ++i) {
    const AdditionalColumn& more = options_.additional[i];
    if (more.placement != AdditionalColumn::Placement::Topic) continue;
    OUTRIDER_TRY(const std::string_view value, needed(row, columns.additional[i], more.column));
    topic_values_.push_back(value);
  }
  if (topic_values_.size() > 1) {
    OUTRIDER_TRY(topic_.expand(topic_values_, topic_text_));
    return std::string_view(topic_text_);
  }
  if (const auto known = topics_.find(aggregatetype); known != topics_.end()) {
    return std::string_view(known->second);
  }
  OUTRIDER_TRY(topic_.expand(topic_values_, topic_text_));
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

/// Headers of the columns before win: consumers look at one of each name.
void OutboxMapper::add_trace_headers(std::string_view properties) {
  read_properties(properties, trace_headers_);
  for (const auto& [name, value] : trace_headers_) {
    const bool is_there = std::ranges::find(headers_, name, &Header::name) != headers_.end();
    if (!is_there) headers_.push_back({name, value});
  }
}

Result<void> OutboxMapper::add_headers(const RowInserted& row, const TableColumns& columns) {
  headers_.clear();
  json_headers_.clear();
  trace_headers_.clear();
  const OutboxColumns& names = options_.columns;
  OUTRIDER_TRY(const std::string_view id, needed(row, columns.id, names.id));
  OUTRIDER_TRY(const std::string_view type, needed(row, columns.type, names.type));
  if (!options_.id_header.empty()) headers_.push_back({options_.id_header, id});
  if (!options_.type_header.empty()) headers_.push_back({options_.type_header, type});
  OUTRIDER_TRY(add_additional_headers(row, columns));
  OUTRIDER_TRY(const auto traceparent, optional_text(row, columns.traceparent, names.traceparent));
  if (traceparent) headers_.push_back({"traceparent", *traceparent});
  OUTRIDER_TRY(const auto tracestate, optional_text(row, columns.tracestate, names.tracestate));
  if (tracestate) headers_.push_back({"tracestate", *tracestate});
  OUTRIDER_TRY(const auto context,
               optional_text(row, columns.tracingspancontext, names.tracingspancontext));
  if (context) add_trace_headers(*context);
  OUTRIDER_TRY(const auto headers, optional_text(row, columns.headers, names.headers));
  return headers ? add_json_headers(*headers) : Result<void>{};
}

Result<void> OutboxMapper::add_additional_headers(const RowInserted& row,
                                                  const TableColumns& columns) {
  for (std::size_t i = 0; i < columns.additional.size(); ++i) {
    const AdditionalColumn& more = options_.additional[i];
    if (more.placement != AdditionalColumn::Placement::Header) continue;
    std::optional<std::string_view> value;
    if (!is_null(row, columns.additional[i])) {
      OUTRIDER_TRY(value, needed(row, columns.additional[i], more.column));
    }
    headers_.push_back({more.alias, value});
  }
  return {};
}

Result<std::string_view> OutboxMapper::formatted(const RowInserted& row, int column,
                                                 const std::string& name, TextFormat format,
                                                 std::string& buffer) {
  OUTRIDER_TRY(const std::string_view data, needed(row, column, name));
  const bool is_text = row.values[static_cast<std::size_t>(column)].kind == Value::Kind::Text;
  if (format == TextFormat::Plain || !is_text) return data;
  buffer.clear();
  append_json_string(data, buffer);
  return std::string_view(buffer);
}

Result<void> OutboxMapper::set_key_and_partition(const RowInserted& row,
                                                 const TableColumns& columns) {
  int key = columns.aggregateid;
  const std::string* key_name = &options_.columns.aggregateid;
  record_.partition = std::nullopt;
  for (std::size_t i = 0; i < columns.additional.size(); ++i) {
    const AdditionalColumn& more = options_.additional[i];
    if (more.placement == AdditionalColumn::Placement::Key) {
      key = columns.additional[i];
      key_name = &more.column;
    } else if (more.placement == AdditionalColumn::Placement::Partition &&
               !is_null(row, columns.additional[i])) {
      OUTRIDER_TRY(record_.partition, partition_of(row, columns.additional[i], more.column));
    }
  }
  OUTRIDER_TRY(record_.key, formatted(row, key, *key_name, options_.key_format, key_text_));
  return {};
}

Result<void> OutboxMapper::set_value(const RowInserted& row, const TableColumns& columns) {
  const Value& payload = row.values[static_cast<std::size_t>(columns.payload)];
  const bool is_null_tombstone =
      payload.kind == Value::Kind::Null && options_.null_payload != NullPayload::Halt;
  const bool is_blank_tombstone = payload.kind == Value::Kind::Text &&
                                  options_.null_payload == NullPayload::TombstoneIfBlank &&
                                  is_blank(payload.data);
  record_.value = std::nullopt;
  if (is_null_tombstone || is_blank_tombstone) return {};
  Result<std::string_view> value = formatted(row, columns.payload, options_.columns.payload,
                                             options_.payload_format, payload_text_);
  if (!value && payload.kind == Value::Kind::Null) {
    value.error().hint = "declare the column NOT NULL, or set outbox.null_payload: tombstone";
  }
  OUTRIDER_TRY(record_.value, std::move(value));
  return {};
}

Result<void> OutboxMapper::set_timestamp(const RowInserted& row, const Event& event,
                                         const TableColumns& columns) {
  record_.timestamp = event.committed_at;
  if (columns.timestamp < 0 || is_null(row, columns.timestamp)) return {};
  const Value& value = row.values[static_cast<std::size_t>(columns.timestamp)];
  if (value.kind != Value::Kind::Timestamp) {
    return unusable(row, columns.timestamp, options_.columns.timestamp);
  }
  record_.timestamp = value.timestamp;
  return {};
}

Result<const Record*> OutboxMapper::map(const RowInserted& row, const Event& event) {
  OUTRIDER_TRY(const TableColumns* columns, columns_of(*row.table));
  if (columns == nullptr) return nullptr;
  if (row.values.size() != row.table->columns.size()) {
    return failure(ErrorKind::Refused, "row of " + shown_name(*row.table) + " has " +
                                           std::to_string(row.values.size()) + " values for " +
                                           std::to_string(row.table->columns.size()) + " columns");
  }
  OUTRIDER_TRY(record_.topic, topic_of(row, *columns));
  OUTRIDER_TRY(set_key_and_partition(row, *columns));
  OUTRIDER_TRY(add_headers(row, *columns));
  record_.headers = headers_;
  OUTRIDER_TRY(set_value(row, *columns));
  OUTRIDER_TRY(set_timestamp(row, event, *columns));
  record_.event = event.id;
  return &record_;
}

}  // namespace outrider
