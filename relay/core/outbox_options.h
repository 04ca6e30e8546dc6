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
  std::string timestamp = "created_at";
};

/// What to do with a row whose payload is NULL.
enum class NullPayload { Halt, Tombstone };

/// A table by its exact name, as Postgres stores it.
struct OutboxTable {
  std::string schema = "public";
  std::string name = "outbox";
};

struct OutboxOptions {
  /// The tables whose inserts are events; rows of other tables are skipped.
  std::vector<OutboxTable> tables = {OutboxTable{}};
  OutboxColumns columns = {};
  /// Topic of a row: literal text with `{aggregatetype}` in it; needs a literal prefix.
  std::string topic = "outbox.event.{aggregatetype}";
  /// Names of the headers that carry the row's id and type; empty: not sent.
  std::string id_header = "id";
  std::string type_header = "eventType";
  NullPayload null_payload = NullPayload::Halt;
};

}  // namespace outrider
