// A Postgres source, its scripted server and a clock that only the test moves; used by the tests of
// the Postgres source.
#pragma once

#include "connectors/postgres/source.h"
#include "tests/unit/connectors/postgres/pgoutput_writer.h"
#include "tests/unit/connectors/postgres/scripted_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::testing {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// The slot is at 0/64 (100) unless the test says otherwise.
class SourceWorld {
 public:
  using Kind = postgres::Connection::Kind;
  static constexpr std::uint32_t kOutbox = 16'400;

  static postgres::Options usual_options() {
    postgres::Options options;
    options.slot = "outrider_orders";
    options.publication = "outrider_orders";
    return options;
  }
  static WallTime commit_time() { return WallTime{std::chrono::seconds(1'700'000'000)}; }

  explicit SourceWorld(postgres::Options options = usual_options())
      : source(std::move(options), std::make_unique<ScriptedConnector>(server)) {}

  /// A checkpoint of this source at `end_lsn`.
  static postgres::PostgresPosition checkpoint(std::uint64_t end_lsn) {
    postgres::PostgresPosition position;
    position.system_id = 77;
    position.timeline = 1;
    position.database = *postgres::Identifier::from("shop");
    position.slot = *postgres::Identifier::from("outrider_orders");
    position.end_lsn = postgres::Lsn{end_lsn};
    position.publication_digest = 5;
    return position;
  }

  void pass(Duration duration) {
    now.steady += duration;
    now.wall += std::chrono::duration_cast<std::chrono::microseconds>(duration);
  }

  /// What acquire() came to: "working", "standby", "held", or the error's kind and text.
  std::string acquire() {
    const Result<Source::Standing> standing = source.acquire(now.steady);
    if (!standing) return told(standing.error());
    switch (*standing) {
      case Source::Standing::Working:
        return "working";
      case Source::Standing::Standby:
        return "standby";
      case Source::Standing::Held:
        return "held";
    }
    return "";
  }
  /// Where the plan begins, "working" or the error.
  std::string plan(const std::optional<postgres::PostgresPosition>& checkpoint) {
    Found found;
    if (checkpoint) found.checkpoint = Checkpoint{.position = checkpoint->pack()};
    const Result<std::optional<Source::Plan>> plan = source.plan(found, now.steady);
    if (!plan) return told(plan.error());
    if (!*plan) return "working";
    const auto from = *postgres::PostgresPosition::unpack((*plan)->from);
    return to_string(from.end_lsn) + ((*plan)->write_checkpoint ? ", to be written first" : "");
  }
  /// "streaming", "working" or the error.
  std::string start(const postgres::PostgresPosition& from) {
    const Result<bool> streaming = source.start(from.pack(), now.steady);
    if (!streaming) return told(streaming.error());
    return *streaming ? "streaming" : "working";
  }
  std::string tick() { return told(source.tick(now)); }
  std::string confirm(const postgres::PostgresPosition& position) {
    return told(source.confirm(position.pack()));
  }
  void stream_from(const postgres::PostgresPosition& from) {
    ASSERT_EQ(acquire(), "held");
    ASSERT_EQ(start(from), "streaming");
    ASSERT_EQ(tick(), "");
  }

  // What the server sends.
  void send(std::string message) {
    server.stream().copy.push_back(
        xlog_data(postgres::Lsn{}, postgres::Lsn{}, now.wall, std::move(message)));
  }
  void send_keepalive(std::uint64_t wal_end, bool reply_requested = false) {
    server.stream().copy.push_back(keepalive(postgres::Lsn{wal_end}, now.wall, reply_requested));
  }
  void send_begin(std::uint64_t final_lsn, std::uint32_t xid) {
    send(begin_message(postgres::Lsn{final_lsn}, commit_time(), xid));
    send(relation_message(kOutbox, "public", "outbox", {{"id", 25}}));
  }
  void send_row(std::string_view id) { send(insert_message(kOutbox, {{'t', id}})); }
  void send_commit(std::uint64_t final_lsn, std::uint64_t end_lsn) {
    send(commit_message(postgres::Lsn{final_lsn}, postgres::Lsn{end_lsn}, commit_time()));
  }
  void send_transaction(std::uint64_t final_lsn, std::uint32_t xid, std::string_view id) {
    send_begin(final_lsn, xid);
    send_row(id);
    send_commit(final_lsn, final_lsn + 10);
  }

  /// All that is ready, a word an event: row ids, "commit", "idle", "idle!" (urgent), or the error.
  /// The source looks at the catalogs where it wants to.
  std::string read() {
    std::string said = read_until_null();
    while (server.stream().open && !server.stream().copy.empty() && !server.stream().ended) {
      const std::string asked = tick() + tick();
      if (!asked.empty()) return said + asked;
      said += read_until_null();
    }
    return said;
  }
  std::string read_until_null() {
    std::string said;
    while (true) {
      const Result<const Event*> event = source.next();
      if (!event) return said + told(event.error());
      if (*event == nullptr) return said;
      if (const auto* row = std::get_if<RowInserted>(&(*event)->what)) {
        said += std::string(row->values[0].data) + " ";
      } else if (std::holds_alternative<Committed>((*event)->what)) {
        said += "commit ";
      } else if (const auto* idle = std::get_if<Idle>(&(*event)->what)) {
        said += idle->urgent ? "idle! " : "idle ";
      }
    }
  }
  /// The position after the event that was read last.
  postgres::PostgresPosition reached() const {
    return *postgres::PostgresPosition::unpack(source.position(Source::Edge::After));
  }

  const std::vector<SentStatus>& statuses() { return server.stream().statuses; }
  /// Whether the connection is waited for; "" | "r" | "w" | "rw".
  std::string waits_for(const ScriptedLink& link, Source::Reading reading = Source::Reading::Yes) {
    std::string interest;
    const Wake wake = source.wake(reading);
    for (const Wake::Descriptor& descriptor : wake.descriptors()) {
      EXPECT_TRUE(descriptor.read || descriptor.write) << "a descriptor without interest";
      if (descriptor.fd != link.fd) continue;
      interest += std::string(descriptor.read ? "r" : "") + (descriptor.write ? "w" : "");
    }
    return interest;
  }
  /// How long until the source wants to be called at the latest.
  Duration sleeps(Source::Reading reading = Source::Reading::Yes) {
    const TimePoint at = source.wake(reading).at();
    return at < now.steady ? Duration(-1) : at - now.steady;
  }

  ScriptedServer server;
  postgres::PostgresSource source;
  Now now{.steady = TimePoint(std::chrono::hours(1)),
          .wall = WallTime(std::chrono::seconds(1'700'000'100))};

 private:
  static std::string told(const Error& error) {
    return std::string(to_string(error.kind)) + ": " + error.what;
  }
  static std::string told(const Result<void>& result) {
    return result ? std::string() : told(result.error());
  }
};

/// With what a server that shuts down ends its connections.
inline Error shutdown_error() {
  return postgres::sql_error("terminating connection due to administrator command", "57P01");
}

}  // namespace outrider::testing
