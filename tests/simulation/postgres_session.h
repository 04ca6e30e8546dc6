// One backend of the simulated Postgres: answers the relay's queries, and streams. Used by the
// simulated server.
#pragma once

#include "relay/base/error.h"
#include "tests/simulation/postgres_instance.h"
#include "tests/simulation/postgres_link.h"
#include "tests/simulation/walsender.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::simulation {

/// Knows exactly the queries that the relay sends, and aborts on any other. Its end frees its
/// locks and the slot.
class PostgresSession {
 public:
  PostgresSession(PostgresInstance& instance, std::shared_ptr<PostgresLink> link);
  ~PostgresSession() { end(); }
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  void step();
  TimePoint next_event() const;
  bool is_over() const { return is_over_; }
  bool is_streaming() const { return walsender_ != nullptr; }
  bool is_replication() const { return link_->kind == postgres::Connection::Kind::Replication; }
  bool owns_slot() const { return instance_.slot_use && instance_.slot_use->pid == pid_; }
  PostgresLink& link() { return *link_; }
  int pid() const { return pid_; }

  /// Says why before it ends.
  void terminate(const char* message, const char* sqlstate);
  /// Ends without a word.
  void end();

 private:
  void hear(const PostgresLink::FromClient& message);
  void answer();
  Result<postgres::Rows> run(const std::string& sql);
  Result<postgres::Rows> run_replication_command(const std::string& sql);
  Result<postgres::Rows> start_replication(const std::string& sql);
  void stop_streaming();
  void step_walsender();

  PostgresInstance& instance_;
  const std::shared_ptr<PostgresLink> link_;
  const int pid_;
  bool is_over_ = false;
  std::optional<std::string> query_;
  TimePoint answers_at_;
  TimePoint idle_since_;
  std::unique_ptr<Walsender> walsender_;
};

}  // namespace outrider::simulation
