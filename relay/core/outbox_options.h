// How rows of an outbox table become records; filled by config/, read by the mapper.
#pragma once

#include <string>
#include <vector>

namespace outrider {

/// Column names of the outbox table. The first five must exist; an optional one (`headers` and
/// after) is used if the table has it.
struct OutboxColumns {
  std::string id = "id";
  std::string aggregatetype = "aggregatetype";
  std::string aggregateid = "aggregateid";
  std::string type = "type";
  std::string payload = "payload";
  std::string headers = "headers";
  std::string traceparent = "traceparent";
  std::string tracestate = "tracestate";
  /// Headers as the text of java.util.Properties, as Debezium's libraries write them.
  std::string tracingspancontext = "tracingspancontext";
  std::string timestamp = "created_at";
};

/// What to do with a row whose payload is NULL.
enum class NullPayload {
  Halt,
  Tombstone,
  TombstoneIfBlank,  ///< Also for a payload of nothing but spaces and control characters.
};

/// How text becomes the bytes of a key or value. Payloads of bytea are always sent as they are.
enum class TextFormat {
  Plain,       ///< As it is.
  JsonString,  ///< In quotes and escaped, as Kafka Connect's JsonConverter writes strings.
};

/// Where a column goes besides those in OutboxColumns.
struct AdditionalColumn {
  enum class Placement {
    Header,     ///< A header; NULL is a header without a value.
    Partition,  ///< The number of the record's partition; NULL leaves it to the key.
    Key,        ///< The key, instead of the aggregate's id.
    Topic,      ///< A placeholder of the topic template.
  };
  std::string column;
  Placement placement = Placement::Header;
  std::string alias;  ///< Name of the header or placeholder.
  auto operator<=>(const AdditionalColumn&) const = default;
};

/// A table by its exact name, as Postgres stores it.
struct OutboxTable {
  std::string schema = "public";
  std::string name = "outbox";
};

struct OutboxOptions {
  /// The tables whose inserts are events; rows of other tables are skipped.
  std::vector<OutboxTable> tables = {OutboxTable{}};
  /// Messages in the log with this prefix are events, too; empty: none is.
  std::string message_prefix = {};
  OutboxColumns columns = {};
  /// Topic of a row: literal text with `{aggregatetype}` in it, and aliases of additional columns;
  /// needs a literal prefix, or allow_topics.
  std::string topic = "outbox.event.{aggregatetype}";
  /// If not empty, all topics that rows may name.
  std::vector<std::string> allow_topics = {};
  /// At most one of them the key, at most one the partition.
  std::vector<AdditionalColumn> additional = {};
  TextFormat key_format = TextFormat::Plain;
  TextFormat payload_format = TextFormat::Plain;
  /// Names of the headers that carry the row's id and type; empty: not sent.
  std::string id_header = "id";
  std::string type_header = "eventType";
  NullPayload null_payload = NullPayload::Halt;
};

}  // namespace outrider
