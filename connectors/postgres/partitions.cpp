#include "connectors/postgres/partitions.h"

#include <algorithm>

namespace outrider::postgres {

void Partitions::learn(const ServerFacts& facts) {
  for (const PartitionFacts& partition : facts.partitions) {
    roots_.insert_or_assign(partition.name, partition.root);
  }
  if (!facts.publication) return;
  published_ = {facts.publication->tables.begin(), facts.publication->tables.end()};
  columns_ = {facts.partitioned_columns.begin(), facts.partitioned_columns.end()};
}

const TableName& Partitions::root_of(const TableName& table) const {
  const auto known = roots_.find(table);
  return known == roots_.end() ? table : known->second;
}

bool Partitions::is_orphan(const TableName& table, const std::vector<std::string>& columns) const {
  if (columns_.empty() || roots_.contains(table) || published_.contains(table)) return false;
  // Columns may have been added to or dropped from the outbox since.
  const std::set<std::string> names(columns.begin(), columns.end());
  return std::ranges::includes(columns_, names) || std::ranges::includes(names, columns_);
}

}  // namespace outrider::postgres
