#include "connectors/postgres/setup/stream_tap.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/walstream.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace outrider::postgres {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kOpenTimeout = 60s;
// Well within wal_sender_timeout.
constexpr auto kStatusInterval = 5s;
// Longest sleep without a look at the connection.
constexpr Duration kGlance = 1s;

Options tap_options(Options options) {
  options.slot = "tail";  // For the application_name.
  return options;
}

}  // namespace

StreamTap::StreamTap(const Options& options)
    : options_(tap_options(options)),
      connector_(options_),
      connection_(connector_.open(Connection::Kind::Replication)) {}

Result<std::unique_ptr<StreamTap>> StreamTap::open(const Options& options) {
  std::unique_ptr<StreamTap> tap(new StreamTap(options));
  const TimePoint deadline = Clock::now() + kOpenTimeout;
  OUTRIDER_TRY(tap->connect(deadline));
  OUTRIDER_TRY(tap->create_slot(deadline));
  OUTRIDER_TRY(tap->begin(deadline));
  return tap;
}

Result<void> StreamTap::connect(TimePoint deadline) {
  while (true) {
    Result<bool> ready = connection_->connect();
    if (!ready) return std::unexpected(std::move(ready.error()).within("connect to the database"));
    if (*ready) return {};
    if (Clock::now() >= deadline) {
      return failure(ErrorKind::Unavailable, "connect to the database: no answer in time");
    }
    wait(deadline);
  }
}

Result<Rows> StreamTap::query(const std::string& sql, TimePoint deadline) {
  OUTRIDER_TRY(connection_->query(sql));
  while (true) {
    OUTRIDER_TRY(std::optional<Rows> rows, connection_->result());
    if (rows) return std::move(*rows);
    if (Clock::now() >= deadline) {
      return failure(ErrorKind::Unavailable, "the server did not answer within a minute",
                     "a long transaction may hold it up: select pid, xact_start, query from "
                     "pg_stat_activity where backend_xid is not null order by xact_start");
    }
    wait(deadline);
  }
}

Result<void> StreamTap::create_slot(TimePoint deadline) {
  const std::string publication = quote_literal(options_.publication);
  OUTRIDER_TRY(const Rows found,
               query("select 'outrider_tail_' || pg_backend_pid() from pg_publication where "
                     "pubname = " +
                         publication,
                     deadline));
  if (found.rows.empty()) {
    return failure(ErrorKind::Refused,
                   "there is no publication \"" + options_.publication + "\" in this database",
                   "outrider setup creates it");
  }
  slot_ = found.rows.front().at(0).value_or("");
  Result<Rows> created = query("select lsn from pg_create_logical_replication_slot(" +
                                   quote_literal(slot_) + ", 'pgoutput', true)",
                               deadline);
  if (!created) {
    return std::unexpected(std::move(created.error()).within("create a temporary slot"));
  }
  OUTRIDER_TRY(begin_, parse_lsn(created->rows.at(0).at(0).value_or("")));
  return {};
}

Result<void> StreamTap::begin(TimePoint deadline) {
  OUTRIDER_TRY(const Rows begun,
               query("START_REPLICATION SLOT " + quote_identifier(slot_) + " LOGICAL " +
                         to_string(begin_) + " (proto_version '1', publication_names " +
                         quote_literal(quote_identifier(options_.publication)) + ")",
                     deadline));
  if (!begun.copying) {
    return failure(ErrorKind::Interrupted, "the server did not begin to stream");
  }
  PostgresPosition from;
  from.end_lsn = begin_;
  reader_.emplace(from, begin_);
  return {};
}

Result<const Event*> StreamTap::next() {
  OUTRIDER_TRY(const std::optional<std::string_view> data, connection_->read_copy());
  if (!data) return nullptr;
  OUTRIDER_TRY(const Event* event, reader_->read(*data));
  reply_due_ = reader_->take_reply_request() || reply_due_;
  return event;
}

Result<void> StreamTap::tick(Now now) {
  if (!std::exchange(reply_due_, false) && now.steady < next_status_) {
    return connection_->write_copy({});
  }
  next_status_ = now.steady + kStatusInterval;
  const Lsn received = reader_->received();
  const auto status = encode(
      StatusUpdate{.write = received, .flush = received, .apply = received, .sent = now.wall});
  return connection_->write_copy(std::string_view(status.data(), status.size()));
}

void StreamTap::wait(TimePoint until) const {
  const TimePoint now = Clock::now();
  const Wake::Descriptor wanted = connection_->interest();
  pollfd descriptor{.fd = wanted.fd, .events = 0, .revents = 0};
  if (wanted.read) descriptor.events |= POLLIN;
  if (wanted.write) descriptor.events |= POLLOUT;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(std::clamp<Duration>(until - now, 0s, kGlance));
  // The result does not matter: after any wake-up the connection is looked at.
  static_cast<void>(poll(&descriptor, 1, static_cast<int>(left.count())));
}

}  // namespace outrider::postgres
