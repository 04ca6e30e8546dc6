// Brings a service's own tables up to date when it starts. Used by the sample services.
#pragma once

#include "samples/outbox/database.h"

#include <span>

namespace outbox {

/// A script that is run once per database; it is never changed, only followed by others.
struct Migration {
  const char* name;
  const char* sql;
};

/// Runs those that the table schema_migration does not name, in order, each with its note there in
/// one transaction. Several processes may do so at once.
Result<void> migrate(Database& database, std::span<const Migration> migrations);

/// The tables of the idempotent consumer; see inbox.h.
Result<void> migrate_inbox(Database& database);

}  // namespace outbox
