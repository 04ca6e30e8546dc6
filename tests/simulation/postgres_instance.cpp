#include "tests/simulation/postgres_instance.h"

#include "tests/simulation/postgres_messages.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace outrider::simulation {
namespace {

using Json = nlohmann::json;

// Of the outbox; see Postgres, catalog/pg_type.dat.
const Json kColumnTypes = {1043, 2950, 3802};
// Far from every other: catalogs are compared by it.
constexpr std::uint64_t kHashPrime = 0x0000'0100'0000'01B3U;

/// Stands for md5(): equal for equal texts only.
std::string digest_of(const std::string& text) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kHashPrime;
  return fmt::format("{:016x}{:016x}", hash, ~hash);
}

Json slot_row(const PostgresInstance& instance, const Slot& slot) {
  Json row = {{"slot_name", instance.disk.slot_name},
              {"plugin", "pgoutput"},
              {"slot_type", "logical"},
              {"database", instance.shape.database},
              {"temporary", false},
              {"active", instance.slot_use.has_value()},
              {"active_pid", nullptr},
              {"active_application", nullptr},
              {"restart_lsn", postgres::to_string(slot.restart)},
              {"confirmed_flush_lsn", postgres::to_string(slot.confirmed)},
              {"wal_status", slot.is_lost ? "lost" : "reserved"},
              {"safe_wal_size", nullptr},
              {"two_phase", false}};
  if (instance.slot_use) {
    row["active_pid"] = instance.slot_use->pid;
    row["active_application"] = instance.slot_use->application;
  }
  if (slot.is_lost) row["restart_lsn"] = nullptr;
  if (instance.shape.major >= 17) {
    row["invalidation_reason"] = slot.is_lost ? Json("wal_removed") : Json(nullptr);
  }
  return row;
}

Json publication_row(const PostgresInstance& instance, const Publication& publication,
                     const postgres::Options& options) {
  Json tables = Json::array();
  std::string oids;
  for (std::size_t i = 0; i < publication.members.size(); ++i) {
    const postgres::TableName& table = instance.shape.tables[i];
    if (publication.members[i] == 0) continue;
    tables.push_back({table.schema, table.name});
    if (std::ranges::find(options.tables, table) == options.tables.end()) continue;
    oids += (oids.empty() ? "" : ",") + std::to_string(publication.members[i]);
  }
  return {{"inserts", true},
          {"tables", tables.empty() ? Json(nullptr) : tables},
          {"digest", digest_of(std::to_string(publication.oid) + ":" + oids)}};
}

}  // namespace

void PostgresInstance::note(const std::string& what) const {
  environment.trace.note("postgres", what);
}

std::string PostgresInstance::history(std::uint32_t of_timeline) const {
  if (of_timeline > timeline()) return {};
  const std::string& all = disk.log.history();
  std::size_t end = 0;
  for (std::uint32_t before = 1; before < of_timeline; ++before) end = all.find('\n', end) + 1;
  return all.substr(0, end);
}

std::string PostgresInstance::facts(const postgres::Options& options) const {
  Json facts = {{"wal_level", "logical"},
                {"in_recovery", in_recovery},
                {"wal_end", postgres::to_string(disk.log.end())},
                {"lock_held", locks.contains(options.slot)},
                {"slot", nullptr},
                {"publication", nullptr},
                {"setup_table_readable", disk.setup.has_value()},
                {"column_types", kColumnTypes}};
  if (shape.has_odd_column) facts["column_types"].push_back(kOddType);
  if (disk.slot && disk.slot_name == options.slot) facts["slot"] = slot_row(*this, *disk.slot);
  const std::optional<Publication>& publication = disk.catalogs.back().publication;
  if (publication && disk.publication_name == options.publication) {
    facts["publication"] = publication_row(*this, *publication, options);
  }
  return facts.dump();
}

std::string PostgresInstance::setup_row() const {
  return Json({{"slot_name", disk.slot_name},
               {"consistent_point", postgres::to_string(disk.setup->consistent_point)},
               {"system_identifier", std::to_string(shape.system_id)},
               {"rows_before", 0}})
      .dump();
}

void PostgresInstance::confirm(postgres::Lsn flush) {
  Slot& slot = *disk.slot;
  if (flush <= slot.confirmed) return;
  slot.confirmed = flush;
  // Written when restart_lsn moves and at checkpoints, not for every confirmation.
  if (!random().once_in(4)) return;
  slot.persisted = slot.confirmed;
  const std::vector<LogRecord>& records = disk.log.records();
  const auto after =
      std::ranges::upper_bound(records, slot.confirmed, {},
                               [](const LogRecord& record) { return record.committed.end_lsn; });
  const auto back = static_cast<std::ptrdiff_t>(random().below(10));
  const auto restart = after - std::min(back, after - records.begin());
  if (restart == records.end()) return;
  slot.restart = std::max(slot.restart, std::min(restart->committed.final_lsn, slot.confirmed));
}

void PostgresInstance::change_catalog(Catalog catalog_after) {
  disk.log.commit_without_changes(random(), LogRecord::Kind::Catalog, environment.clock.wall,
                                  catalog());
  disk.catalogs.push_back(std::move(catalog_after));
}

void PostgresInstance::create_publication() {
  Publication publication{.oid = disk.next_oid++, .members = {}};
  for (std::size_t i = 0; i < shape.tables.size(); ++i) {
    publication.members.push_back(disk.next_oid++);
  }
  change_catalog({.publication = std::move(publication)});
}

void PostgresInstance::create_slot() {
  disk.log.grow(random());
  const postgres::Lsn restart = disk.log.end();
  disk.log.grow(random());
  disk.slot = Slot{.confirmed = disk.log.end(), .persisted = disk.log.end(), .restart = restart};
}

}  // namespace outrider::simulation
