// What pgoutput says of tables and rows of the simulated Postgres; used by its walsender.
#pragma once

#include "tests/simulation/postgres_shape.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace outrider::simulation {

/// The outbox is a table of Debezium's shape, every other one has five columns of text.
enum class TableKind { Outbox, Other };

constexpr TableKind kind_of(std::size_t table) {
  return table == 0 ? TableKind::Outbox : TableKind::Other;
}
constexpr std::uint32_t relation_of(std::size_t table) {
  return 16'400 + static_cast<std::uint32_t>(table);
}

enum class ValueFormat { Text, Binary };

/// pg_type's number of the odd column: point.
inline constexpr std::uint32_t kOddType = 600;

std::string relation_message(const PostgresShape& shape, std::size_t table);
/// Insert, Update, Delete or Truncate.
std::string change_message(const PostgresShape& shape, const Change& change, ValueFormat format);

}  // namespace outrider::simulation
