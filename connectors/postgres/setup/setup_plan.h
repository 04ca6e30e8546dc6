// What `outrider setup` shall bring about in a database; filled by relay/app, read by setup_*.h.
#pragma once

#include "connectors/postgres/options.h"

#include <string>
#include <string_view>
#include <vector>

namespace outrider::postgres {

/// Type of the payload column of a new outbox table.
enum class PayloadType { Jsonb, Json, Text, Bytea };

/// As SQL names it.
std::string_view to_string(PayloadType type);

/// Column names of the outbox tables; `needed()` must be there in a table that exists.
struct OutboxColumnNames {
  std::string id = "id";
  std::string aggregatetype = "aggregatetype";
  std::string aggregateid = "aggregateid";
  std::string type = "type";
  std::string payload = "payload";
  std::string headers = "headers";
  std::string traceparent = "traceparent";
  std::string tracestate = "tracestate";
  std::string timestamp = "created_at";

  std::vector<std::string> needed() const {
    return {id, aggregatetype, aggregateid, type, payload};
  }
};

struct SetupPlan {
  std::string database;
  std::string role;  ///< The relay's; must exist.
  std::string slot;
  std::string publication;
  std::vector<TableName> tables;  ///< outrider.emit() writes to the first.
  OutboxColumnNames columns;
  PayloadType payload = PayloadType::Jsonb;
};

}  // namespace outrider::postgres
