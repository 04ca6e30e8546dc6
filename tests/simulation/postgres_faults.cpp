// How the simulated Postgres fails, and how its place is taken by another.
#include "tests/simulation/postgres_link.h"
#include "tests/simulation/postgres_server.h"
#include "tests/simulation/postgres_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outrider::simulation {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr Duration kShutdownHangs = std::chrono::seconds(60);
constexpr const char* kByAdministrator = "terminating connection due to administrator command";
// The first release that writes slots to disk when it shuts down.
constexpr int kSavesSlots = 17;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct PostgresServer::Snapshot {
  PostgresDisk disk;
};

/// No process is left.
void PostgresServer::go_down(Duration down) {
  for (const auto& session : sessions_) {
    if (session->is_over()) continue;
    session->link().cut(instance_.now(), TimePoint::max());
    session->end();
  }
  for (const auto& link : links_) {
    if (link->is_connecting()) link->cut(instance_.now(), TimePoint::max());
  }
  sweep();
  stopping_.reset();
  instance_.stopping_at.reset();
  let_go_of_slot();
  stalled_until_ = {};
  up_at_ = std::max(up_at_, instance_.now() + down);
  was_down_ = true;
}

void PostgresServer::crash(Duration down) {
  instance_.note(fmt::format("crash, down for {:.3f} s", seconds(down)));
  if (instance_.random().once_in(2)) {
    // Only one process crashed: the postmaster tells the others to go.
    for (const auto& session : sessions_) {
      session->terminate("terminating connection because of crash of another server process",
                         "57P02");
    }
  }
  go_down(down);
  if (instance_.disk.slot) instance_.disk.slot->confirmed = instance_.disk.slot->persisted;
}

void PostgresServer::start() {
  was_down_ = false;
  instance_.note("is up");
}

void PostgresServer::shut_down(Duration down) {
  if (is_down() || stopping_) return;
  instance_.note("shuts down");
  stopping_ = Stopping{.down = down,
                       .hangs_at = std::max(instance_.now(), stalled_until_) + kShutdownHangs};
  for (const auto& session : sessions_) {
    if (!session->is_streaming()) session->terminate(kByAdministrator, "57P01");
  }
  for (const auto& link : links_) {
    if (link->is_connecting()) link->cut(instance_.now(), TimePoint::max());
  }
  let_go_of_slot();
  // The shutdown checkpoint.
  instance_.disk.log.grow(instance_.random());
  instance_.stopping_at = instance_.disk.log.end();
}

void PostgresServer::step_shutdown() {
  if (!stopping_) return;
  const bool is_served =
      std::ranges::all_of(sessions_, [](const auto& session) { return session->is_over(); });
  if (!is_served && instance_.now() < stopping_->hangs_at) {
    // A stream that failed meanwhile leaves an idle backend.
    for (const auto& session : sessions_) {
      if (!session->is_streaming()) session->terminate(kByAdministrator, "57P01");
    }
    return;
  }
  if (!is_served) {
    ++shutdowns_that_hung_;
    instance_.note("the shutdown hangs: a client does not confirm everything");
  }
  finish_shutdown();
}

void PostgresServer::finish_shutdown() {
  const Duration down = stopping_->down;
  instance_.note(fmt::format("is shut down for {:.3f} s", seconds(down)));
  go_down(down);
  if (!instance_.disk.slot) return;
  Slot& slot = *instance_.disk.slot;
  if (instance_.shape.major >= kSavesSlots) slot.persisted = slot.confirmed;
  slot.confirmed = slot.persisted;
}

void PostgresServer::disconnect(Random& random) {
  std::vector<PostgresSession*> connected;
  for (const auto& session : sessions_) {
    if (!session->is_over()) connected.push_back(session.get());
  }
  if (connected.empty()) return;
  PostgresSession& session = *connected[random.below(connected.size())];
  const TimePoint now = instance_.now();
  TimePoint client_hears_at = now + random.between(Duration(0ms), Duration(20ms));
  TimePoint server_hears_at = now + random.between(Duration(0ms), Duration(20ms));
  switch (random.below(5)) {
    case 0:  // The server's own time-outs find out.
      server_hears_at = TimePoint::max();
      break;
    case 1:  // As with keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3.
      client_hears_at = now + random.between(Duration(25s), Duration(31s));
      break;
    default:
      break;
  }
  instance_.note(fmt::format("the connection of PID {} to relay {} breaks", session.pid(),
                             session.link().relay));
  session.link().cut(client_hears_at, server_hears_at);
}

void PostgresServer::stall(Duration duration) {
  if (is_down()) return;
  instance_.note(fmt::format("stalls for {:.3f} s", seconds(duration)));
  stalled_until_ = std::max(stalled_until_, instance_.now() + duration);
  // Nobody can confirm anything to it meanwhile.
  if (stopping_) stopping_->hangs_at += duration;
}

void PostgresServer::terminate_walsender() {
  for (const auto& session : sessions_) {
    if (session->is_over() || !session->is_replication()) continue;
    instance_.note(fmt::format("PID {} is terminated", session->pid()));
    session->terminate(kByAdministrator, "57P01");
  }
}

void PostgresServer::fail_over(bool loses_log) {
  PostgresDisk& disk = instance_.disk;
  Random& random = instance_.random();
  go_down(random.between(Duration(1ms), Duration(5s)));
  const std::size_t records = disk.log.records().size();
  std::size_t kept = records;
  if (loses_log) kept -= std::min(records - disk.first_record, random.between(1, 12));
  disk.catalogs.resize(disk.catalogs.size() - disk.log.begin_timeline(kept));
  if (disk.slot) {
    // Its copy is of some moment between two writes.
    Slot& slot = *disk.slot;
    if (random.once_in(2)) slot.confirmed = slot.persisted;
    slot.confirmed = std::min(slot.confirmed, disk.log.end());
    slot.persisted = slot.confirmed;
    slot.restart = std::min(slot.restart, slot.confirmed);
  }
  instance_.in_recovery = true;
  promoted_at_ = random.once_in(2) ? up_at_ : up_at_ + random.between(Duration(1ms), Duration(3s));
  instance_.note(fmt::format("failover at {}, slot at {}", postgres::to_string(disk.log.end()),
                             postgres::to_string(confirmed_flush())));
  // The end of recovery.
  disk.log.grow(random);
}

std::shared_ptr<const PostgresServer::Snapshot> PostgresServer::snapshot() const {
  return std::make_shared<const Snapshot>(instance_.disk);
}

void PostgresServer::restore(const Snapshot& snapshot) {
  go_down(instance_.random().between(Duration(1ms), Duration(5s)));
  instance_.disk = snapshot.disk;
  instance_.in_recovery = false;
  if (instance_.disk.slot) instance_.disk.slot->confirmed = instance_.disk.slot->persisted;
  instance_.note(fmt::format("restored, the log ends at {}, slot at {}",
                             postgres::to_string(wal_end()),
                             postgres::to_string(confirmed_flush())));
}

}  // namespace outrider::simulation
