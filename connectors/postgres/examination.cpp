#include "connectors/postgres/examination.h"

#include "connectors/postgres/start_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace outrider::postgres {
namespace {

using Severity = Finding::Severity;
using Seconds = std::chrono::duration<double>;

// pgoutput sends rows in binary and messages since then.
constexpr int kVersionMin = 140'000;
constexpr int kFailoverVersion = 170'000;
// As the alert OutriderSlotLossPredicted.
constexpr double kHoursLeftMin = 4;
// As the alert OutriderClockSkew.
constexpr Duration kClockDifferenceMax = std::chrono::milliseconds(500);

class Examiner {
 public:
  explicit Examiner(const ServerSights& sights) : sights_(sights) {}

  Findings examine() {
    look_at_server();
    look_at_role();
    for (const TableName& table : sights_.options.tables) look_at_table(table);
    look_at_publication();
    look_at_slot();
    look_at_retention();
    look_at_connection();
    std::ranges::stable_sort(findings_, std::ranges::greater{}, &Finding::severity);
    return std::move(findings_);
  }

 private:
  const Options& options() const { return sights_.options; }
  const Surroundings& around() const { return sights_.surroundings; }
  const ServerFacts& facts() const { return sights_.facts; }

  void add(Severity severity, std::string what, std::string remedy) {
    findings_.push_back({.severity = severity,
                         .kind = ErrorKind::Refused,
                         .what = std::move(what),
                         .remedy = std::move(remedy)});
  }
  const TableFacts* find(const TableName& table) const {
    const auto found = std::ranges::find(around().tables, table, &TableFacts::name);
    return found == around().tables.end() ? nullptr : &*found;
  }
  void add(const Result<void>& checked) {
    if (!checked) findings_.push_back(Finding::of(checked.error()));
  }

  void look_at_server();
  void look_at_role();
  void look_at_table(const TableName& table);
  void look_at_publication();
  void look_at_published(const TableFacts& table);
  void look_at_slot();
  void look_at_failover(const SlotFacts& slot);
  void look_at_retention();
  void look_at_hours_left(std::int64_t safe_bytes);
  void look_at_connection();
  void look_at_clock();

  const ServerSights& sights_;
  Findings findings_;
};

/// The table with those of its columns.
Table only(const Table& table, const std::vector<std::string>& columns) {
  Table part{.schema = table.schema, .name = table.name, .columns = {}};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (std::ranges::find(columns, table.columns[i]) == columns.end()) continue;
    part.columns.push_back(table.columns[i]);
    part.kinds.push_back(table.kinds[i]);
  }
  return part;
}

std::string bytes_text(double bytes) {
  constexpr double kStep = 1024;
  std::string_view unit = "B";
  for (const std::string_view larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (bytes < kStep) break;
    bytes /= kStep;
    unit = larger;
  }
  return fmt::format("{:.{}f} {}", bytes, bytes < 10 && unit != "B" ? 1 : 0, unit);
}

void Examiner::look_at_server() {
  if (around().version < kVersionMin) {
    add(Severity::Error, "PostgreSQL " + around().version_text + " is too old",
        "the relay needs PostgreSQL 14 or newer");
  }
  add(check_primary(facts()));
  add(check_wal_level(facts()));
}

void Examiner::look_at_role() {
  const std::string role = quote_identifier(around().role);
  if (!around().can_replicate) {
    findings_.push_back({Severity::Error, ErrorKind::Denied, "role " + role + " lacks REPLICATION",
                         "ALTER ROLE " + role +
                             " REPLICATION; on Amazon RDS: GRANT "
                             "rds_replication TO " +
                             role});
  } else if (around().is_superuser) {
    add(Severity::Warning, "role " + role + " is a superuser: a relay needs LOGIN and REPLICATION",
        "CREATE ROLE outrider LOGIN REPLICATION, then `outrider setup --role outrider`");
  }
  const bool is_last_sender = around().senders_used >= around().senders_max;
  if (is_last_sender && !facts().lock_held) {
    findings_.push_back({Severity::Error, ErrorKind::Unavailable,
                         fmt::format("all {} walsenders are in use", around().senders_max),
                         "raise max_wal_senders and restart the server, or end one "
                         "(pg_stat_replication)"});
  }
}

void Examiner::look_at_table(const TableName& table) {
  const TableFacts* found = find(table);
  const std::string name = "table " + qualified(table);
  if (found == nullptr) {
    add(Severity::Error, name + " does not exist",
        "`outrider setup` creates it; or name your outbox table under source.postgres.tables");
  } else if (!found->is_table) {
    add(Severity::Error, qualified(table) + " is not a table", "name the table behind it");
  } else if (found->is_unlogged) {
    add(Severity::Error, name + " is unlogged: its rows never reach the log, nor the relay",
        "as the owner: ALTER TABLE " + qualified(table) + " SET LOGGED");
  } else if (const Result<void> fits = sights_.table_rule(found->described); !fits) {
    add(fits);
  } else {
    look_at_published(*found);
  }
}

/// What is sent of a table that is as it must be.
void Examiner::look_at_published(const TableFacts& table) {
  const auto published = std::ranges::find(around().published, table.name(), &PublishedTable::name);
  if (published == around().published.end()) return;
  const std::string publication = "publication " + quote_identifier(options().publication);
  const std::string mend = fmt::format(
      "as the owner: BEGIN; ALTER PUBLICATION {0} DROP TABLE {1}; ALTER PUBLICATION {0} ADD TABLE "
      "{1}; COMMIT; a relay that has a checkpoint halts then until `outrider checkpoint "
      "accept-gap`: what was left out stays so",
      quote_identifier(options().publication), qualified(table.name()));
  if (!published->row_filter.empty()) {
    add(Severity::Warning,
        fmt::format("{} sends only rows of {} WHERE {}: others never become events", publication,
                    qualified(table.name()), published->row_filter),
        mend);
  }
  if (published->columns.empty()) return;
  if (const Result<void> fits = sights_.table_rule(only(table.described, published->columns));
      !fits) {
    add(Severity::Error, fmt::format("{} leaves out columns: {}", publication, fits.error().what),
        mend);
  }
}

void Examiner::look_at_publication() {
  // A table that does not exist is said once.
  Options present = options();
  std::erase_if(present.tables, [&](const TableName& table) { return find(table) == nullptr; });
  for (Error& problem : problems_of_publication(present, facts())) {
    findings_.push_back(Finding::of(std::move(problem)));
  }
}

void Examiner::look_at_slot() {
  if (!facts().slot && around().slots_used >= around().slots_max) {
    add(Severity::Error,
        fmt::format("all {} replication slots are in use, and none of them is \"{}\"",
                    around().slots_max, options().slot),
        "raise max_replication_slots and restart the server, or drop a slot that nobody reads "
        "(pg_replication_slots); then `outrider setup`");
    return;
  }
  const Result<void> checked = check_slot(options(), facts());
  add(checked);
  if (!facts().slot) return;
  const SlotFacts& slot = *facts().slot;
  SystemIdentity system;
  if (const Result<Identifier> database = Identifier::from(around().database)) {
    system.database = *database;
    add(check_database(options(), system, slot));
  }
  if (facts().lock_held) {
    add(Severity::Note, "a relay is active: " + facts().lock_holder, "");
  } else {
    add(check_not_active(options(), slot, 0));
  }
  if (slot.wal_status == "unreserved") {
    add(Severity::Warning,
        "slot \"" + options().slot +
            "\" is about to be lost: it holds more log than the server "
            "is told to keep",
        "start a relay, or raise max_slot_wal_keep_size, before the server's next checkpoint");
  }
  if (checked) look_at_failover(slot);
}

void Examiner::look_at_failover(const SlotFacts& slot) {
  if (slot.failover.value_or(false)) return;
  if (around().version < kFailoverVersion) {
    add(Severity::Note,
        "before PostgreSQL 17 a slot stays behind on a failover: events may then be missing, and "
        "the relay will say so and halt",
        "where standbys take over: the extension pg_failover_slots, or permanent slots of Patroni");
    return;
  }
  add(Severity::Warning, "slot \"" + options().slot + "\" is not kept over a failover to a standby",
      fmt::format("with psql \"dbname={} replication=database\": ALTER_REPLICATION_SLOT {} "
                  "( FAILOVER ); slots made by `outrider setup` have it",
                  around().database, quote_identifier(options().slot)));
}

void Examiner::look_at_retention() {
  if (around().idle_slot_seconds > 0) {
    add(Severity::Warning,
        fmt::format("the server drops slots that nobody reads for {} s: a relay that is down for "
                    "longer loses its own",
                    around().idle_slot_seconds),
        "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf()");
  }
  if (around().keep_megabytes < 0) {
    add(Severity::Note,
        "max_slot_wal_keep_size is -1: while no relay reads the slot, the server keeps its log "
        "until the disk is full",
        "watch the disk, or give the slot up first: ALTER SYSTEM SET max_slot_wal_keep_size = "
        "'50GB'; SELECT pg_reload_conf()");
    return;
  }
  if (facts().slot && facts().slot->safe_wal_bytes)
    look_at_hours_left(*facts().slot->safe_wal_bytes);
}

void Examiner::look_at_hours_left(std::int64_t safe_bytes) {
  const double seconds = Seconds(sights_.written_in).count();
  const double rate = seconds > 0 ? static_cast<double>(sights_.written_bytes) / seconds : 0;
  const std::string kept = fmt::format(
      "slot \"{}\" is lost after {} more of log (max_slot_wal_keep_size = {} MB)", options().slot,
      bytes_text(static_cast<double>(safe_bytes)), around().keep_megabytes);
  if (rate <= 0) {
    add(Severity::Note, kept + "; none was written while this looked", "");
    return;
  }
  const double hours = static_cast<double>(safe_bytes) / rate / 3600;
  add(hours < kHoursLeftMin ? Severity::Warning : Severity::Note,
      fmt::format("{}: {:.1f} hours without a relay, at {}/s of the last {:.0f} s", kept, hours,
                  bytes_text(rate), seconds),
      "ALTER SYSTEM SET max_slot_wal_keep_size to what the disk can hold; SELECT pg_reload_conf()");
}

void Examiner::look_at_connection() {
  if (sights_.known_pid != around().backend_pid) {
    add(Severity::Warning,
        "a connection pooler stands between the relay and Postgres: a relay's session must not be "
        "shared",
        "name Postgres itself, its host and port, in the dsn");
  }
  const bool is_verified = sights_.sslmode.starts_with("verify-");
  const bool is_wanted = sights_.sslmode == "require";
  if (!around().is_encrypted && !around().is_local) {
    add(Severity::Warning, "the connection to Postgres is not encrypted",
        "sslmode=verify-full sslrootcert=… in the dsn; the server needs ssl = on");
  } else if (around().is_encrypted && !is_verified && (is_wanted || !around().is_local)) {
    add(Severity::Warning,
        "the connection to Postgres is encrypted, but nothing verifies that it is Postgres who "
        "answers",
        "sslmode=verify-full sslrootcert=… in the dsn");
  }
  look_at_clock();
}

void Examiner::look_at_clock() {
  const Duration difference = sights_.clock_difference;
  if (std::chrono::abs(difference) <= kClockDifferenceMax + sights_.clock_doubt) return;
  add(Severity::Warning,
      fmt::format("the server's clock is {:.1f} s {} this machine's: latencies and lag in "
                  "seconds are wrong by as much",
                  std::abs(Seconds(difference).count()),
                  difference > Duration::zero() ? "ahead of" : "behind"),
      "set both by NTP (chronyc tracking, timedatectl)");
}

}  // namespace

std::string describe_server(const Surroundings& surroundings) {
  return fmt::format("PostgreSQL {}, database {}, role {}", surroundings.version_text,
                     quote_identifier(surroundings.database), quote_identifier(surroundings.role));
}

Findings examine(const ServerSights& sights) { return Examiner(sights).examine(); }

}  // namespace outrider::postgres
