#include "samples/outbox/migration.h"

#include "samples/outbox/migrations.h"

#include <utility>

namespace outbox {
namespace {

// Any number that the services of one database share; two must not make one table at once.
constexpr const char* kLock = "select pg_advisory_xact_lock(7461)";

Result<void> migrate_once(Transaction& transaction, const Migration& migration) {
  OUTRIDER_TRY(transaction.run(kLock));
  OUTRIDER_TRY(
      transaction.run("create table if not exists schema_migration "
                      "(name text primary key, applied_at timestamptz not null default now())"));
  OUTRIDER_TRY(const Rows noted, transaction.run("insert into schema_migration (name) values ($1) "
                                                 "on conflict do nothing returning name",
                                                 {migration.name}));
  return noted.empty() ? Result<void>() : transaction.run_script(migration.sql);
}

}  // namespace

Result<void> migrate(Database& database, std::span<const Migration> migrations) {
  for (const Migration& migration : migrations) {
    Result<void> done = database.transact(
        [&](Transaction& transaction) { return migrate_once(transaction, migration); });
    if (!done) {
      return std::unexpected(
          std::move(done).error().within(std::string("migration ") + migration.name));
    }
  }
  return {};
}

Result<void> migrate_inbox(Database& database) {
  return migrate(database, outbox_migrations::kAll);
}

}  // namespace outbox
