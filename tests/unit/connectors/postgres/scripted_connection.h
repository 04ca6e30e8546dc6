// A Postgres server by script behind connectors/postgres/connection.h; used by the tests of the
// Postgres source. Nothing happens by itself: the test says what the server answers and when.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/lsn.h"
#include "connectors/postgres/sqlstate.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider::testing {

/// A Standby status update as it came over the wire.
struct SentStatus {
  std::uint64_t write = 0;
  std::uint64_t flush = 0;
  std::uint64_t apply = 0;
  std::int64_t sent_since_2000_us = 0;
  std::uint8_t reply_requested = 0;
};

inline std::optional<SentStatus> decode_status(std::string_view bytes) {
  if (bytes.size() != 34 || bytes[0] != 'r') return std::nullopt;
  const auto number = [&](std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
  };
  return SentStatus{number(1), number(9), number(17), static_cast<std::int64_t>(number(25)),
                    static_cast<std::uint8_t>(bytes[33])};
}

/// One connection as the server sees it; stays after the client has closed it.
struct ScriptedLink {
  using Kind = postgres::Connection::Kind;
  Kind kind = Kind::Ordinary;
  int fd = -1;
  bool open = true;
  std::vector<std::string> queries;
  std::optional<std::string> unanswered;
  bool copying = false;
  std::deque<std::string> copy;  ///< CopyData payloads that the client has not read yet.
  std::optional<Error> ended;    ///< With what the server closes the connection.
  std::vector<std::string> warnings;
  std::vector<SentStatus> statuses;
  bool socket_is_full = false;  ///< What the client writes stays in its buffer.
  bool unsent = false;
  bool copy_end_seen = false;
  bool behind = false;  ///< The low watermark is raised.
};

inline postgres::Rows one_row(std::vector<std::optional<std::string>> values) {
  postgres::Rows rows;
  rows.columns = values.size();
  rows.rows.push_back(std::move(values));
  return rows;
}

/// The answer to START_REPLICATION.
inline postgres::Rows copying() {
  postgres::Rows rows;
  rows.copying = true;
  return rows;
}

/// Everything in order, until the test spoils it. Must outlive the connections.
class ScriptedServer {
 public:
  using Kind = postgres::Connection::Kind;
  static constexpr int kStreamPid = 4711;

  ScriptedServer() {
    facts = nlohmann::json::parse(R"({
      "wal_level": "logical", "in_recovery": false, "wal_end": "0/1000", "lock_held": false,
      "slot": {"plugin": "pgoutput", "database": "shop", "active": false, "active_pid": null,
               "restart_lsn": "0/50", "confirmed_flush_lsn": "0/64", "wal_status": "reserved"},
      "publication": {"inserts": true, "tables": [["public", "outbox"]], "digest": "05"},
      "setup_table_readable": false, "column_types": [25, 2950]})");
  }

  /// The answer to catalog queries.
  nlohmann::json facts;
  /// With what a new connection of the kind is refused.
  std::map<Kind, Error> refusals;
  /// True: a new connection of the kind never gets ready.
  std::map<Kind, bool> unreachable;

  /// The answer to queries that contain `part`; the last rule that fits counts, also for a query
  /// that was sent before it.
  void answer(std::string part, Result<postgres::Rows> answer) {
    rules_.emplace_back(std::move(part), std::move(answer));
  }
  void keep_silent(std::string part) { rules_.emplace_back(std::move(part), std::nullopt); }

  ScriptedLink& watch() { return last(Kind::Ordinary); }
  ScriptedLink& stream() { return last(Kind::Replication); }
  std::size_t connections(Kind kind) const {
    std::size_t count = 0;
    for (const ScriptedLink& link : links_) count += link.kind == kind ? 1 : 0;
    return count;
  }
  /// All queries on all connections, in order.
  const std::vector<std::string>& queries() const { return queries_; }
  std::size_t queries_with(std::string_view part) const {
    std::size_t count = 0;
    for (const std::string& query : queries_) count += query.find(part) != query.npos ? 1 : 0;
    return count;
  }

  // For the connections.
  ScriptedLink& connect(Kind kind) {
    ScriptedLink& link = links_.emplace_back();
    link.kind = kind;
    link.fd = 100 + static_cast<int>(links_.size());
    return link;
  }
  void hear(ScriptedLink& link, std::string_view sql) {
    link.queries.emplace_back(sql);
    link.unanswered = sql;
    queries_.emplace_back(sql);
  }
  Result<std::optional<postgres::Rows>> reply(ScriptedLink& link) {
    const std::string query = link.unanswered.value_or("");
    const auto rule = std::find_if(rules_.rbegin(), rules_.rend(), [&](const auto& candidate) {
      return query.find(candidate.first) != query.npos;
    });
    std::optional<Result<postgres::Rows>> found =
        rule == rules_.rend() ? usual(query) : rule->second;
    if (!found) return std::nullopt;
    link.unanswered.reset();
    if (!*found) return std::unexpected(found->error());
    postgres::Rows& rows = **found;
    if (rows.copying) {
      link.copying = true;
      facts["slot"]["active"] = true;
      facts["slot"]["active_pid"] = kStreamPid;
    }
    return std::move(rows);
  }
  void close(ScriptedLink& link) {
    link.open = false;
    if (link.copying && facts["slot"].is_object()) {
      facts["slot"]["active"] = false;
      facts["slot"]["active_pid"] = nullptr;
    }
  }

 private:
  std::optional<Result<postgres::Rows>> usual(const std::string& query) const {
    const auto has = [&](std::string_view part) { return query.find(part) != query.npos; };
    if (has("pg_try_advisory_lock")) return one_row({"t", std::to_string(kStreamPid)});
    if (has("json_build_object")) return one_row({facts.dump()});
    if (has("IDENTIFY_SYSTEM")) return one_row({"77", "1", "0/1000", "shop"});
    if (has("START_REPLICATION")) return copying();
    if (has("SELECT 1")) return one_row({"1"});
    ADD_FAILURE() << "a query that the script does not know: " << query;
    return postgres::Rows{};
  }
  ScriptedLink& last(Kind kind) {
    for (auto link = links_.rbegin(); link != links_.rend(); ++link) {
      if (link->kind == kind) return *link;
    }
    ADD_FAILURE() << "no such connection was made";
    return connect(kind);
  }

  std::deque<ScriptedLink> links_;
  std::vector<std::string> queries_;
  std::vector<std::pair<std::string, std::optional<Result<postgres::Rows>>>> rules_;
};

/// The client's side. Complains where the order of calls in connection.h is broken.
class ScriptedConnection final : public postgres::Connection {
 public:
  ScriptedConnection(ScriptedServer& server, Kind kind)
      : server_(server), link_(server.connect(kind)) {}
  ~ScriptedConnection() override { server_.close(link_); }
  ScriptedConnection(const ScriptedConnection&) = delete;
  ScriptedConnection& operator=(const ScriptedConnection&) = delete;

  Result<bool> connect() override {
    if (const auto refusal = server_.refusals.find(link_.kind); refusal != server_.refusals.end()) {
      return std::unexpected(refusal->second);
    }
    ready_ = !server_.unreachable[link_.kind];
    return ready_;
  }
  Result<void> query(std::string_view sql) override {
    EXPECT_TRUE(ready_ && !link_.unanswered && !link_.copying) << "out of order: " << sql;
    if (link_.ended) return std::unexpected(*link_.ended);
    server_.hear(link_, sql);
    return {};
  }
  Result<std::optional<postgres::Rows>> result() override {
    EXPECT_TRUE(link_.unanswered) << "a result without a query";
    if (link_.ended) return std::unexpected(*link_.ended);
    return server_.reply(link_);
  }
  Result<std::optional<std::string_view>> read_copy() override {
    EXPECT_TRUE(link_.copying) << "read_copy() before START_REPLICATION";
    flush();
    if (link_.copy.empty()) {
      if (link_.ended) return std::unexpected(*link_.ended);
      return std::nullopt;
    }
    // In memory of its own, so that a view that is used for too long is found.
    payload_ = std::make_unique<std::string>(std::move(link_.copy.front()));
    link_.copy.pop_front();
    return *payload_;
  }
  Result<void> write_copy(std::string_view bytes) override {
    EXPECT_TRUE(link_.copying) << "write_copy() before START_REPLICATION";
    if (link_.ended) return std::unexpected(*link_.ended);
    if (!bytes.empty()) {
      const std::optional<SentStatus> status = decode_status(bytes);
      EXPECT_TRUE(status) << "no status update";
      if (status) link_.statuses.push_back(*status);
      link_.unsent = true;
    }
    flush();
    return {};
  }
  void end_copy() override { link_.copy_end_seen = true; }
  void set_low_watermark(bool behind) override { link_.behind = behind; }
  Wake::Descriptor interest() const override {
    return {.fd = link_.fd, .read = ready_, .write = !ready_ || link_.unsent};
  }
  Result<void> check() override {
    EXPECT_TRUE(ready_ && !link_.unanswered && !link_.copying) << "check() of a busy connection";
    if (link_.ended) return std::unexpected(*link_.ended);
    return {};
  }
  int server_version() const override { return 150'018; }
  int backend_pid() const override { return ScriptedServer::kStreamPid; }
  std::string sslmode() const override { return "prefer"; }
  std::vector<std::string> take_warnings() override { return std::exchange(link_.warnings, {}); }
  Result<std::string> escape_literal(std::string_view) const override { return unused(); }
  Result<std::string> escape_identifier(std::string_view) const override { return unused(); }

 private:
  void flush() {
    if (!link_.socket_is_full) link_.unsent = false;
  }
  static std::unexpected<Error> unused() {
    return failure(ErrorKind::Internal, "replication commands know no escapes");
  }

  ScriptedServer& server_;
  ScriptedLink& link_;
  bool ready_ = false;
  std::unique_ptr<std::string> payload_;
};

class ScriptedConnector final : public postgres::Connector {
 public:
  explicit ScriptedConnector(ScriptedServer& server) : server_(server) {}
  std::unique_ptr<postgres::Connection> open(postgres::Connection::Kind kind) override {
    return std::make_unique<ScriptedConnection>(server_, kind);
  }

 private:
  ScriptedServer& server_;
};

}  // namespace outrider::testing
