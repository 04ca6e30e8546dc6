#include "connectors/postgres/setup/blocking_session.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace outrider::postgres {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout{10};
// For the server to say that it cancelled a statement.
constexpr std::chrono::seconds kGrace{2};
// Longest sleep without a look at the connection.
constexpr std::chrono::seconds kGlance{1};

Options options_for(std::string dsn) {
  Options options;
  options.dsn = std::move(dsn);
  options.slot = "setup";
  return options;
}

}  // namespace

BlockingSession::BlockingSession(std::string dsn) : BlockingSession(options_for(std::move(dsn))) {}

BlockingSession::BlockingSession(Options options)
    : connector_(std::move(options)), connection_(connector_.open(Connection::Kind::Ordinary)) {}

Result<void> BlockingSession::connect() {
  const TimePoint deadline = steady_clock::now() + kConnectTimeout;
  while (true) {
    OUTRIDER_TRY(const bool ready, connection_->connect());
    if (ready) break;
    if (steady_clock::now() >= deadline) {
      return failure(ErrorKind::Unavailable, "the server did not answer within 10 seconds");
    }
    wait(deadline);
  }
  OUTRIDER_TRY(limit_queries(std::nullopt));
  // Nothing of the database's own may stand in for what the statements name.
  OUTRIDER_TRY(query("set search_path = pg_catalog"));
  return {};
}

Result<void> BlockingSession::limit_queries(std::optional<std::chrono::seconds> longest) {
  longest_ = longest;
  OUTRIDER_TRY(query(fmt::format("set statement_timeout = '{}s'", longest ? longest->count() : 0)));
  return {};
}

Result<Rows> BlockingSession::query(const std::string& sql) {
  const TimePoint deadline = longest_ ? steady_clock::now() + *longest_ + kGrace : TimePoint::max();
  OUTRIDER_TRY(connection_->query(sql));
  while (true) {
    OUTRIDER_TRY(std::optional<Rows> rows, connection_->result());
    if (rows) return std::move(*rows);
    if (steady_clock::now() >= deadline) {
      return failure(ErrorKind::Unavailable, "the server does not answer any more");
    }
    wait(deadline);
  }
}

void BlockingSession::wait(TimePoint until) const {
  using std::chrono::milliseconds;
  const TimePoint now = steady_clock::now();
  const TimePoint wake = std::clamp(until, now, now + kGlance);
  const Wake::Descriptor interest = connection_->interest();
  pollfd descriptor{.fd = interest.fd, .events = 0, .revents = 0};
  if (interest.read) descriptor.events |= POLLIN;
  if (interest.write) descriptor.events |= POLLOUT;
  const auto left = std::chrono::ceil<milliseconds>(wake - now);
  // The result does not matter: after any wake-up the connection is looked at.
  static_cast<void>(poll(&descriptor, 1, static_cast<int>(left.count())));
}

}  // namespace outrider::postgres
