#include "relay/core/dead_letters.h"

#include "relay/base/utf8.h"
#include "relay/core/table_name.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <optional>

namespace outrider {
namespace {

// Of each header of a brief record; what a reason says fits.
constexpr std::size_t kBriefBytesMax = 1024;
// Of an id in the log; a uuid has 36.
constexpr std::size_t kShownIdBytesMax = 128;

/// What the row holds in the column, if the table has it and it can be sent.
std::optional<std::string_view> value_of(const RowInserted& row, const std::string& column) {
  const std::vector<std::string>& names = row.table->columns;
  const auto found = std::ranges::find(names, column);
  const auto at = static_cast<std::size_t>(found - names.begin());
  if (found == names.end() || at >= row.values.size()) return std::nullopt;
  const Value& value = row.values[at];
  switch (value.kind) {
    case Value::Kind::Text:
    case Value::Kind::Bytes:
    case Value::Kind::Undecodable:
    case Value::Kind::Timestamp:
      return value.data;
    case Value::Kind::Null:
    case Value::Kind::Unreadable:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const EventId& event) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%llX/%llX:%llu",
                static_cast<unsigned long long>(event.transaction >> 32),
                static_cast<unsigned long long>(event.transaction & 0xFFFF'FFFF),
                static_cast<unsigned long long>(event.ordinal));
  return text.data();
}

const Record& DeadLetters::map(const RowInserted& row, const Event& event, const Error& error,
                               Extent extent) {
  const auto add = [&](std::string_view name, std::optional<std::string_view> value) {
    if (name.empty() || !value) return;
    headers_.push_back({name, extent == Extent::Brief ? value->substr(0, kBriefBytesMax) : *value});
  };
  headers_.clear();
  event_text_ = to_string(event.id);
  xid_text_ = std::to_string(event.xid);
  table_text_ = shown_name(*row.table);
  add(options_.id_header, value_of(row, options_.columns.id));
  add(options_.type_header, value_of(row, options_.columns.type));
  add("outrider.reason", error.what);
  add("outrider.event", event_text_);
  if (event.xid != 0) add("outrider.xid", xid_text_);
  add("outrider.table", table_text_);
  add("outrider.aggregatetype", value_of(row, options_.columns.aggregatetype));
  if (extent == Extent::Whole) add("outrider.headers", value_of(row, options_.columns.headers));
  record_.topic = topic_;
  record_.key = value_of(row, options_.columns.aggregateid);
  add_value(row, extent);
  record_.headers = headers_;
  record_.timestamp = event.committed_at;
  record_.event = event.id;
  return record_;
}

std::string DeadLetters::name(const RowInserted& row, const Event& event) const {
  const std::optional<std::string_view> id = value_of(row, options_.columns.id);
  const bool is_shown = id && id->size() <= kShownIdBytesMax && is_utf8(*id);
  std::string text = to_string(event.id) + " (id ";
  text += is_shown ? "\"" + std::string(*id) + "\"" : "unreadable";
  if (event.xid != 0) text += ", xid " + std::to_string(event.xid);
  return text + ")";
}

void DeadLetters::add_value(const RowInserted& row, Extent extent) {
  record_.value = value_of(row, options_.columns.payload);
  if (extent == Extent::Whole) return;
  omitted_text_ = "payload of " + std::to_string(record_.value ? record_.value->size() : 0) +
                  " bytes; the row has it";
  headers_.push_back({"outrider.omitted", omitted_text_});
  record_.value = std::nullopt;
  if (record_.key && record_.key->size() > kBriefBytesMax) record_.key = std::nullopt;
}

}  // namespace outrider
