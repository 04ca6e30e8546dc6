// What operators do to the simulated Postgres.
#include "relay/base/assert.h"
#include "tests/simulation/postgres_server.h"
#include "tests/simulation/postgres_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outrider::simulation {
namespace {

using std::chrono_literals::operator""ms;

}  // namespace

void PostgresServer::set_up(const postgres::Options& options) {
  PostgresDisk& disk = instance_.disk;
  OUTRIDER_ASSERT(!disk.slot && !disk.setup, "set_up() twice");
  disk.publication_name = options.publication;
  disk.slot_name = options.slot;
  instance_.create_publication();
  instance_.create_slot();
  disk.setup = SetupRow{.consistent_point = disk.slot->confirmed};
  // The row is written after the slot exists.
  commit_unpublished();
  disk.first_record = disk.log.records().size();
  instance_.note(fmt::format("set up, slot at {}", postgres::to_string(confirmed_flush())));
}

void PostgresServer::let_go_of_slot() {
  if (occupier_pid_ == 0) return;
  if (instance_.slot_use && instance_.slot_use->pid == occupier_pid_) instance_.slot_use.reset();
  --instance_.walsenders;
  occupier_pid_ = 0;
  occupied_until_.reset();
}

void PostgresServer::end_walsenders_of_slot() {
  let_go_of_slot();
  for (const auto& session : sessions_) {
    if (session->owns_slot()) {
      session->terminate("terminating connection due to administrator command", "57P01");
    }
  }
}

void PostgresServer::drop_slot() {
  end_walsenders_of_slot();
  instance_.disk.slot.reset();
  instance_.note("the slot is dropped");
}

void PostgresServer::advance_slot() {
  if (!instance_.disk.slot || instance_.disk.slot->is_lost) return;
  end_walsenders_of_slot();
  Slot& slot = *instance_.disk.slot;
  slot.confirmed = instance_.disk.log.end();
  if (instance_.random().once_in(2)) slot.persisted = slot.confirmed;
  instance_.note(fmt::format("the slot is advanced to {}", postgres::to_string(slot.confirmed)));
}

void PostgresServer::recreate_slot() {
  drop_slot();
  instance_.create_slot();
  instance_.note(
      fmt::format("the slot is created anew at {}", postgres::to_string(confirmed_flush())));
}

void PostgresServer::lose_slot() {
  if (!instance_.disk.slot) return;
  end_walsenders_of_slot();
  instance_.disk.slot->is_lost = true;
  instance_.note("the slot is lost");
}

void PostgresServer::recreate_publication() {
  drop_publication();
  instance_.create_publication();
  instance_.note("the publication is created anew");
}

void PostgresServer::drop_publication() {
  if (!instance_.disk.catalogs.back().publication) return;
  instance_.change_catalog({});
  instance_.note("the publication is dropped");
}

void PostgresServer::uncover_table() {
  Catalog catalog = instance_.disk.catalogs.back();
  if (!catalog.publication || catalog.publication->members[0] == 0) return;
  catalog.publication->members[0] = 0;
  instance_.change_catalog(std::move(catalog));
  instance_.note("the outbox leaves the publication");
}

void PostgresServer::cover_table() {
  Catalog catalog = instance_.disk.catalogs.back();
  if (!catalog.publication || catalog.publication->members[0] != 0) return;
  catalog.publication->members[0] = instance_.disk.next_oid++;
  instance_.change_catalog(std::move(catalog));
  instance_.note("the outbox is in the publication again");
}

void PostgresServer::occupy_slot(Duration duration) {
  occupied_until_ = instance_.now() + duration;
  occupier_tries_at_ = instance_.now();
}

void PostgresServer::step_occupier() {
  if (!occupied_until_) return;
  const TimePoint now = instance_.now();
  if (now >= *occupied_until_) {
    let_go_of_slot();
    occupied_until_.reset();
    return;
  }
  if (occupier_pid_ != 0 || now < occupier_tries_at_) return;
  occupier_tries_at_ = now + instance_.random().between(Duration(1ms), Duration(100ms));
  const bool can = !is_down() && !stopping_ && !instance_.in_recovery && !instance_.slot_use &&
                   instance_.walsenders < instance_.shape.max_wal_senders && instance_.disk.slot &&
                   !instance_.disk.slot->is_lost;
  if (!can) return;
  occupier_pid_ = instance_.next_pid++;
  ++instance_.walsenders;
  instance_.slot_use = SlotUse{.pid = occupier_pid_, .application = "pg_recvlogical"};
  instance_.note(fmt::format("pg_recvlogical streams from the slot, PID {}", occupier_pid_));
}

}  // namespace outrider::simulation
