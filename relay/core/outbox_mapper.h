// From an inserted outbox row to a record; used by the pipeline.
#pragma once

#include "connectors/event.h"
#include "connectors/record.h"
#include "relay/base/error.h"
#include "relay/core/outbox_options.h"
#include "relay/core/table_columns.h"
#include "relay/core/topic_template.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace outrider {

/// Maps rows of the outbox tables to records as Debezium's Outbox Event Router does. Columns are
/// resolved by name at every new table version. Pure; one thread; allocates only for new tables,
/// new aggregate types and rows with a headers or tracingspancontext column.
class OutboxMapper {
 public:
  /// Misconfigured if the topic template or the additional columns are wrong.
  static Result<OutboxMapper> create(OutboxOptions options);

  const OutboxOptions& options() const { return options_; }

  /// The record of the row, or null if its table is not an outbox of this pipeline. The record
  /// lives until the next call, its views as long as the row's. Errors: BadEvent for a row that
  /// makes no record, Misconfigured for a table that misses a needed column or has one of a type
  /// that does not fit its use.
  Result<const Record*> map(const RowInserted& row, const Event& event);

 private:
  struct KnownTable {
    std::uint64_t version = 0;
    std::optional<TableColumns> columns;  // None: it is no outbox.
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  OutboxMapper(OutboxOptions options, TopicTemplate topic)
      : options_(std::move(options)), topic_(std::move(topic)) {}

  bool is_outbox(const Table& table) const;
  /// Null: the table is no outbox.
  Result<const TableColumns*> columns_of(const Table& table);
  Result<std::string_view> topic_of(const RowInserted& row, const TableColumns& columns);
  Result<void> set_key_and_partition(const RowInserted& row, const TableColumns& columns);
  Result<void> set_value(const RowInserted& row, const TableColumns& columns);
  Result<void> set_timestamp(const RowInserted& row, const Event& event,
                             const TableColumns& columns);
  static Result<std::string_view> formatted(const RowInserted& row, int column,
                                            const std::string& name, TextFormat format,
                                            std::string& buffer);
  Result<void> add_headers(const RowInserted& row, const TableColumns& columns);
  Result<void> add_additional_headers(const RowInserted& row, const TableColumns& columns);
  void add_trace_headers(std::string_view properties);
  Result<void> add_json_headers(std::string_view json);

  OutboxOptions options_;
  TopicTemplate topic_;
  std::vector<KnownTable> known_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> topics_;
  std::vector<std::string_view> topic_values_;
  std::string topic_text_;
  std::string key_text_;
  std::string payload_text_;
  std::vector<Header> headers_;
  std::vector<std::pair<std::string, std::optional<std::string>>> json_headers_;
  std::vector<std::pair<std::string, std::string>> trace_headers_;
  Record record_;
};

}  // namespace outrider
