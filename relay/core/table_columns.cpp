#include "relay/core/table_columns.h"

#include "relay/core/table_name.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace outrider {
namespace {

constexpr const char* kOldRows =
    ", then restart; rows from before an ALTER TABLE come as the table was then";

/// Finds the columns of a table and remembers what it misses.
class Search {
 public:
  explicit Search(const Table& table) : table_(table) {}

  int need(const std::string& name) {
    const int index = find(name);
    if (index < 0) missing_ += (missing_.empty() ? "\"" : ", \"") + name + "\"";
    return index;
  }

  /// A name of the user's own is meant to be there. A message has the members that it has.
  int look_for(const std::string& name, const std::string& usual_name) {
    const bool is_chosen = !name.empty() && name != usual_name && !table_.schema.empty();
    return is_chosen ? need(name) : find(name);
  }

  const std::string& missing() const { return missing_; }

 private:
  int find(const std::string& name) const {
    const auto at = std::ranges::find(table_.columns, name);
    const bool is_there = !name.empty() && at != table_.columns.end();
    return is_there ? static_cast<int>(at - table_.columns.begin()) : -1;
  }

  const Table& table_;
  std::string missing_;
};

Result<TableColumns> find_columns(const Table& table, const OutboxOptions& options) {
  const OutboxColumns& names = options.columns;
  const OutboxColumns usual;
  Search search(table);
  TableColumns columns{
      .id = search.need(names.id),
      .aggregatetype = search.need(names.aggregatetype),
      .aggregateid = search.need(names.aggregateid),
      .type = search.need(names.type),
      .payload = search.need(names.payload),
      .headers = search.look_for(names.headers, usual.headers),
      .traceparent = search.look_for(names.traceparent, usual.traceparent),
      .tracestate = search.look_for(names.tracestate, usual.tracestate),
      .tracingspancontext = search.look_for(names.tracingspancontext, usual.tracingspancontext),
      // The time of a message is that of its commit.
      .timestamp = table.schema.empty() ? -1 : search.look_for(names.timestamp, usual.timestamp),
      .additional = {}};
  for (const AdditionalColumn& more : options.additional) {
    columns.additional.push_back(search.need(more.column));
  }
  if (search.missing().empty()) return columns;
  return failure(ErrorKind::Misconfigured,
                 "outbox table " + shown_name(table) + " misses column " + search.missing(),
                 std::string("ALTER TABLE … ADD COLUMN, or name the table's own columns under "
                             "outbox.columns and outbox.additional") +
                     kOldRows);
}

/// `kind`: Text or Timestamp.
Result<void> check_kind(const Table& table, int column, Value::Kind kind,
                        const std::string& remedy) {
  const auto index = static_cast<std::size_t>(column);
  if (column < 0 || index >= table.kinds.size() || table.kinds[index] == kind) return {};
  const bool wants_text = kind == Value::Kind::Text;
  return failure(ErrorKind::Misconfigured,
                 "column \"" + table.columns[index] + "\" of outbox table " + shown_name(table) +
                     (wants_text ? " is no text" : " is no timestamp"),
                 "change its type to " + std::string(wants_text ? "text" : "timestamptz") +
                     ", or " + remedy + kOldRows);
}

Result<void> check_kinds(const Table& table, const TableColumns& columns,
                         const OutboxOptions& options) {
  using enum Value::Kind;
  const auto other = [](const char* key) {
    return "let outbox.columns." + std::string(key) + " name another column, or none by \"\"";
  };
  OUTRIDER_TRY(check_kind(table, columns.headers, Text, other("headers")));
  OUTRIDER_TRY(check_kind(table, columns.traceparent, Text, other("traceparent")));
  OUTRIDER_TRY(check_kind(table, columns.tracestate, Text, other("tracestate")));
  OUTRIDER_TRY(check_kind(table, columns.tracingspancontext, Text, other("tracingspancontext")));
  OUTRIDER_TRY(check_kind(table, columns.timestamp, Timestamp, other("timestamp")));
  for (std::size_t i = 0; i < columns.additional.size(); ++i) {
    if (options.additional[i].placement != AdditionalColumn::Placement::Partition) continue;
    OUTRIDER_TRY(check_kind(table, columns.additional[i], Text,
                            "let outbox.additional place another column as the partition"));
  }
  return {};
}

}  // namespace

Result<TableColumns> resolve_columns(const Table& table, const OutboxOptions& options) {
  OUTRIDER_TRY(TableColumns columns, find_columns(table, options));
  OUTRIDER_TRY(check_kinds(table, columns, options));
  return columns;
}

}  // namespace outrider
