#include "tests/simulation/postgres_server.h"

#include "connectors/postgres/sqlstate.h"
#include "tests/simulation/postgres_client.h"
#include "tests/simulation/postgres_link.h"
#include "tests/simulation/postgres_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outrider::simulation {

PostgresServer::PostgresServer(Environment& environment, PostgresShape shape)
    : instance_(environment, std::move(shape)) {}

PostgresServer::~PostgresServer() = default;

std::unique_ptr<postgres::Connector> PostgresServer::connector(int relay,
                                                               const postgres::Options& options) {
  return std::make_unique<SimulatedConnector>(instance_.environment, *this, relay, options);
}

std::shared_ptr<PostgresLink> PostgresServer::connect(int relay, postgres::Connection::Kind kind,
                                                      const postgres::Options& options) {
  links_.push_back(std::make_shared<PostgresLink>(instance_.environment, relay, kind, options));
  return links_.back();
}

void PostgresServer::drop_client(int relay, Noticed noticed) {
  instance_.note(fmt::format("relay {} is gone{}", relay,
                             noticed == Noticed::Later ? ", nobody noticed" : ""));
  for (const auto& link : links_) {
    if (link->relay == relay) link->vanish();
  }
  if (noticed == Noticed::Later) return;
  for (const auto& session : sessions_) {
    if (session->link().relay == relay) session->end();
  }
}

Committed PostgresServer::commit(std::vector<Change> changes) {
  const std::size_t count = changes.size();
  const Committed committed =
      instance_.disk.log.commit(instance_.random(), instance_.environment.clock.wall,
                                instance_.catalog(), std::move(changes));
  instance_.note(fmt::format("commit {} with {} changes at {}, end {}", committed.xid, count,
                             postgres::to_string(committed.final_lsn),
                             postgres::to_string(committed.end_lsn)));
  return committed;
}

void PostgresServer::roll_back(const std::vector<Change>& /*changes*/) {
  instance_.disk.log.roll_back(instance_.random(), instance_.catalog());
}

void PostgresServer::commit_elsewhere() { instance_.disk.log.grow(instance_.random()); }

void PostgresServer::commit_unpublished() {
  instance_.disk.log.commit_without_changes(instance_.random(), LogRecord::Kind::Unpublished,
                                            instance_.environment.clock.wall, instance_.catalog());
}

void PostgresServer::step() {
  if (instance_.now() < stalled_until_) return;
  if (was_down_ && !is_down()) start();
  if (instance_.in_recovery && instance_.now() >= promoted_at_) {
    instance_.in_recovery = false;
    instance_.note(fmt::format("promoted to timeline {}", instance_.timeline()));
  }
  for (const auto& link : links_) {
    if (link->is_turn_due()) admit(*link);
  }
  for (const auto& session : sessions_) session->step();
  for (const auto& link : links_) link->step();
  step_occupier();
  step_shutdown();
  sweep();
}

void PostgresServer::sweep() {
  std::erase_if(sessions_, [](const auto& session) { return session->is_over(); });
  std::erase_if(links_, [](const auto& link) { return link->is_over(); });
}

TimePoint PostgresServer::next_event() const {
  if (instance_.now() < stalled_until_) return stalled_until_;
  TimePoint next = TimePoint::max();
  if (was_down_) next = std::min(next, up_at_);
  if (instance_.in_recovery) next = std::min(next, promoted_at_);
  if (stopping_) next = std::min(next, stopping_->hangs_at);
  if (occupied_until_) {
    next = std::min(next, occupier_pid_ != 0 ? *occupied_until_ : occupier_tries_at_);
  }
  for (const auto& link : links_) next = std::min(next, link->next_event());
  for (const auto& session : sessions_) next = std::min(next, session->next_event());
  return next;
}

// One turn of a client that connects.
void PostgresServer::admit(PostgresLink& link) {
  Random& random = instance_.random();
  if (is_down() || stopping_) {
    const bool is_up = stopping_.has_value();
    const std::uint64_t fate = random.below(6);
    if (is_up || fate < 3) {
      link.refuse(postgres::sql_error(
          is_up ? "the database system is shutting down" : "the database system is starting up",
          "57P03"));
    } else if (fate < 5) {
      link.refuse(postgres::sql_error("connection refused", ""));
    } else {
      link.ignore();
    }
    return;
  }
  if (!link.is_last_turn()) {
    link.answer_turn();
    return;
  }
  const bool is_replication = link.kind == postgres::Connection::Kind::Replication;
  if (is_replication && instance_.walsenders >= instance_.shape.max_wal_senders) {
    link.refuse(postgres::sql_error(
        "number of requested standby connections exceeds max_wal_senders", "53300"));
    return;
  }
  link.admit();
  const auto self =
      std::ranges::find_if(links_, [&](const auto& candidate) { return candidate.get() == &link; });
  sessions_.push_back(std::make_unique<PostgresSession>(instance_, *self));
  instance_.note(fmt::format("relay {} connects{}, PID {}", link.relay,
                             is_replication ? " for replication" : "", sessions_.back()->pid()));
}

postgres::Lsn PostgresServer::confirmed_flush() const {
  return instance_.disk.slot ? instance_.disk.slot->confirmed : postgres::Lsn{};
}

}  // namespace outrider::simulation
