// Which column of an outbox table is what; pure. Used by the mapper.
#pragma once

#include "connectors/event.h"
#include "relay/base/error.h"
#include "relay/core/outbox_options.h"

#include <vector>

namespace outrider {

/// Places in Table::columns; -1: the table has no such column, or it is not used.
struct TableColumns {
  int id = -1;
  int aggregatetype = -1;
  int aggregateid = -1;
  int type = -1;
  int payload = -1;
  int headers = -1;
  int traceparent = -1;
  int tracestate = -1;
  int tracingspancontext = -1;
  int timestamp = -1;
  std::vector<int> additional;  ///< As in OutboxOptions.
};

/// Misconfigured if the table misses a column that it must have, or if one has a type that does not
/// fit its use: its rows would lose headers or their time in silence.
Result<TableColumns> resolve_columns(const Table& table, const OutboxOptions& options);

}  // namespace outrider
