// How messages for people and headers of dead letters name where a row came from.
#pragma once

#include "connectors/event.h"

#include <string>

namespace outrider {

/// `"public"."outbox"`, or `message "outbox"` for what was written without a table.
inline std::string shown_name(const Table& table) {
  const std::string name = "\"" + table.name + "\"";
  return table.schema.empty() ? "message " + name : "\"" + table.schema + "\"." + name;
}

}  // namespace outrider
