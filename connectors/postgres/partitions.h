// Which tables of the stream are partitions of an outbox: a publication without
// publish_via_partition_root names the partition that took the row. Pure. Used by the stream
// reader.
#pragma once

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/options.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace outrider::postgres {

/// What the catalogs said, and have said since the stream began: a partition may be dropped before
/// its last rows are read.
class Partitions {
 public:
  void learn(const ServerFacts& facts);

  /// The outbox of which it is a partition, else the table itself.
  const TableName& root_of(const TableName& table) const;

  /// True if the table looks like a partition of an outbox, but is no longer published, most likely
  /// dropped: nobody can tell whether its rows are events.
  bool is_orphan(const TableName& table, const std::vector<std::string>& columns) const;

 private:
  std::map<TableName, TableName> roots_;
  std::set<TableName> published_;
  std::set<std::string> columns_;  // Of the outboxes that are published through their partitions.
};

}  // namespace outrider::postgres
