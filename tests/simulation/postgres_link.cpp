#include "tests/simulation/postgres_link.h"

#include "connectors/postgres/sqlstate.h"
#include "relay/base/assert.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace outrider::simulation {
namespace {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;

// What libpq reads from a socket at once.
constexpr std::uint64_t kReceiveMost = 16 * 1024;
constexpr std::uint64_t kWatermarkBehind = 128 * 1024;
constexpr std::uint64_t kFrameBytes = 5;

std::uint64_t size_of(const PostgresLink::FromServer& message) {
  if (const auto* copy = std::get_if<PostgresLink::CopyData>(&message)) {
    return kFrameBytes + copy->bytes.size();
  }
  const auto* answer = std::get_if<PostgresLink::Answer>(&message);
  std::uint64_t size = 40;
  if (answer == nullptr || !answer->rows) return size;
  for (const auto& row : answer->rows->rows) {
    for (const auto& value : row) size += value ? value->size() : 4;
  }
  return size;
}

Error broken() { return postgres::sql_error("server closed the connection unexpectedly", ""); }

}  // namespace

PostgresLink::PostgresLink(Environment& environment, int relay_number,
                           postgres::Connection::Kind kind_wanted, postgres::Options options_given)
    : relay(relay_number),
      kind(kind_wanted),
      options(std::move(options_given)),
      environment_(environment),
      turns_(environment.random.between(1, 4)),
      lost_from_(std::numeric_limits<std::uint64_t>::max()),
      send_room_(environment.random.between(100, environment.random.once_in(3) ? 1'000 : 60'000)),
      receive_room_(
          environment.random.between(100, environment.random.once_in(3) ? 1'000 : 200'000)) {
  turn_due_ = environment_.clock.steady + latency();
}

Duration PostgresLink::latency() {
  Random& random = environment_.random;
  if (random.once_in(50)) return random.between(Duration(1ms), Duration(80ms));
  return random.between(Duration(20us), Duration(500us));
}

bool PostgresLink::is_turn_due() const {
  return client_is_open_ && is_connecting() && !turn_is_answered_ &&
         turn_due_ <= environment_.clock.steady;
}

void PostgresLink::refuse(Error error) {
  refusal_ = std::move(error);
  is_closed_ = true;
}

Result<bool> PostgresLink::connect() {
  if (refusal_) return std::unexpected(Error(*refusal_).within("connect to Postgres"));
  client_knows_ = is_admitted_;
  if (is_admitted_) return true;
  if (!turn_is_answered_) return false;
  turn_is_answered_ = false;
  --turns_;
  turn_due_ = environment_.clock.steady + latency();
  return false;
}

// Of the server's bytes: those that can go from its buffer to the client's now.
std::uint64_t PostgresLink::due_bytes() const {
  const std::uint64_t under_way = std::min(sent_, lost_from_) - arrived_;
  return std::min(under_way, receive_room_ - std::min(receive_room_, arrived_ - received_));
}

void PostgresLink::schedule() {
  if (next_arrival_ == TimePoint::max() && due_bytes() > 0) {
    next_arrival_ = environment_.clock.steady + latency();
  }
}

void PostgresLink::step() {
  if (environment_.clock.steady < next_arrival_) return;
  next_arrival_ = TimePoint::max();
  const std::uint64_t due = due_bytes();
  if (due == 0) return;
  Random& random = environment_.random;
  arrived_ += random.once_in(2) ? due : random.between(1, due);
  schedule();
}

TimePoint PostgresLink::next_event() const {
  TimePoint next = next_arrival_;
  if (is_connecting() && !turn_is_answered_ && client_is_open_) next = std::min(next, turn_due_);
  if (!to_server_.empty() && !is_closed_) next = std::min(next, to_server_.front().arrives_at);
  // Of these only the client hears, and it may be slow.
  const TimePoint now = environment_.clock.steady;
  if (client_is_open_ && !unsent_.empty() && socket_takes_at_ > now) {
    next = std::min(next, socket_takes_at_);
  }
  if (client_is_open_ && client_hears_end_at_ > now) next = std::min(next, client_hears_end_at_);
  return next;
}

void PostgresLink::send(FromServer message) {
  if (is_closed_) return;
  sent_ += size_of(message);
  messages_.push_back({.message = std::move(message), .end = sent_});
  schedule();
}

void PostgresLink::close() { is_closed_ = true; }

std::optional<PostgresLink::FromClient> PostgresLink::hear() {
  if (to_server_.empty() || to_server_.front().arrives_at > environment_.clock.steady) {
    return std::nullopt;
  }
  FromClient message = std::move(to_server_.front());
  to_server_.pop_front();
  return message;
}

bool PostgresLink::has_ended() const {
  if (!is_closed_ && !is_cut_) return false;
  return arrived_ == std::min(sent_, lost_from_) &&
         client_hears_end_at_ <= environment_.clock.steady;
}

PostgresLink::Received PostgresLink::receive() {
  const std::uint64_t size = std::min(arrived_ - received_, kReceiveMost);
  if (size == 0) return has_ended() ? Received::End : Received::Nothing;
  received_ += size;
  schedule();
  return Received::Bytes;
}

PostgresLink::FromServer* PostgresLink::front() {
  if (messages_.empty() || messages_.front().end > received_) return nullptr;
  return &messages_.front().message;
}

void PostgresLink::write(FromClient::Kind what, std::string bytes) {
  unsent_.push_back({.kind = what, .bytes = std::move(bytes)});
  flush();
}

void PostgresLink::flush() {
  Random& random = environment_.random;
  while (!unsent_.empty() && socket_takes_at_ <= environment_.clock.steady) {
    if (random.once_in(20)) {
      // The socket took a part.
      socket_takes_at_ = environment_.clock.steady + latency();
      return;
    }
    last_arrival_ = std::max(last_arrival_, environment_.clock.steady + latency());
    unsent_.front().arrives_at = last_arrival_;
    if (!is_cut_) to_server_.push_back(std::move(unsent_.front()));
    unsent_.pop_front();
  }
}

bool PostgresLink::is_ready(const Wake::Descriptor& wanted) const {
  if (!client_knows_) return turn_is_answered_ || is_admitted_ || refusal_;
  if (has_ended()) return true;
  const std::uint64_t mark = is_behind_ ? std::min(kWatermarkBehind, receive_room_) : 1;
  if (wanted.read && arrived_ - received_ >= mark) return true;
  return wanted.write && socket_takes_at_ <= environment_.clock.steady;
}

void PostgresLink::close_client() {
  client_is_open_ = false;
  unsent_.clear();
  if (!is_cut_) {
    last_arrival_ = std::max(last_arrival_, environment_.clock.steady + latency());
    to_server_.push_back({.kind = FromClient::Kind::Closed, .arrives_at = last_arrival_});
  }
  is_cut_ = true;
}

void PostgresLink::cut(TimePoint client_hears_at, TimePoint server_hears_at) {
  if (is_cut_) return;
  is_cut_ = true;
  if (is_connecting()) {
    refuse(broken());
    return;
  }
  Random& random = environment_.random;
  lost_from_ = arrived_ + random.between(0, sent_ - arrived_);
  client_hears_end_at_ = client_hears_at;
  schedule();
  // What is on its way to the server arrives or not.
  if (!to_server_.empty()) to_server_.resize(random.between(0, to_server_.size()));
  for (FromClient& message : to_server_) {
    message.arrives_at = std::min(message.arrives_at, server_hears_at);
  }
  to_server_.push_back({.kind = FromClient::Kind::Closed, .arrives_at = server_hears_at});
}

void PostgresLink::vanish() {
  client_is_open_ = false;
  is_cut_ = true;
  unsent_.clear();
}

}  // namespace outrider::simulation
