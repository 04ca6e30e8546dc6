#include "tests/simulation/postgres_client.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/sqlstate.h"
#include "relay/base/assert.h"
#include "tests/simulation/postgres_server.h"

#include <utility>

namespace outrider::simulation {

using Message = PostgresLink::FromClient::Kind;

PostgresClient::~PostgresClient() {
  if (link_) link_->close_client();
  if (fd_ >= 0) environment_.descriptors.remove(fd_);
}

Result<bool> PostgresClient::connect() {
  if (state_ == State::New) {
    link_ = server_.connect(relay_, kind_, options_);
    state_ = State::Connecting;
  } else {
    OUTRIDER_ASSERT(state_ == State::Connecting || state_ == State::Idle, "connect() while busy");
  }
  OUTRIDER_TRY(const bool ready, link_->connect());
  // libpq tries one address after the other, each with a socket of its own.
  if (fd_ < 0 || (!ready && environment_.random.once_in(4))) {
    if (fd_ >= 0) environment_.descriptors.remove(fd_);
    fd_ = environment_.descriptors.add(
        [link = link_.get()](const Wake::Descriptor& wanted) { return link->is_ready(wanted); });
  }
  if (ready) state_ = State::Idle;
  return ready;
}

void PostgresClient::receive() {
  if (link_->receive() != PostgresLink::Received::End) return;
  ended_ = failed_.value_or(postgres::sql_error("server closed the connection unexpectedly", ""));
}

PostgresLink::FromServer* PostgresClient::parse() {
  while (PostgresLink::FromServer* const message = link_->front()) {
    if (auto* warning = std::get_if<PostgresLink::Warning>(message)) {
      warnings_.add(std::move(warning->error));
    } else if (auto* failed = std::get_if<PostgresLink::Failed>(message)) {
      failed_ = std::move(failed->error);
    } else {
      return message;
    }
    link_->pop();
  }
  return nullptr;
}

Result<void> PostgresClient::query(std::string_view sql) {
  OUTRIDER_ASSERT(state_ == State::Idle, "query() of a connection that is not ready or busy");
  if (ended_) return std::unexpected(*ended_);
  link_->write(Message::Query, std::string(sql));
  state_ = State::Asking;
  return {};
}

Result<std::optional<postgres::Rows>> PostgresClient::result() {
  OUTRIDER_ASSERT(state_ == State::Asking, "result() without a query");
  link_->flush();
  for (int pass = 0; pass < 2; ++pass) {
    if (PostgresLink::FromServer* const message = parse()) {
      auto* const answer = std::get_if<PostgresLink::Answer>(message);
      OUTRIDER_ASSERT(answer != nullptr, "the server sent a copy that nobody asked for");
      Result<postgres::Rows> rows = std::move(answer->rows);
      link_->pop();
      state_ = rows && rows->copying ? State::Copying : State::Idle;
      OUTRIDER_TRY(postgres::Rows given, std::move(rows));
      return given;
    }
    if (failed_) return std::unexpected(*failed_);
    if (pass == 0) receive();
  }
  if (ended_) return std::unexpected(*ended_);
  return std::nullopt;
}

Result<std::optional<std::string_view>> PostgresClient::read_copy() {
  OUTRIDER_ASSERT(state_ == State::Copying, "read_copy() before START_REPLICATION");
  link_->flush();
  for (int pass = 0; pass < 2; ++pass) {
    if (failed_) return std::unexpected(*failed_);
    if (PostgresLink::FromServer* const message = parse()) {
      auto* const copy = std::get_if<PostgresLink::CopyData>(message);
      if (copy == nullptr) {
        return failure(ErrorKind::Unavailable, "the server ended the replication stream");
      }
      // In memory of its own, so that a view that is used for too long is found.
      copied_ = std::make_unique<std::string>(std::move(copy->bytes));
      link_->pop();
      return *copied_;
    }
    if (failed_) return std::unexpected(*failed_);
    if (pass == 0) receive();
  }
  if (ended_) return std::unexpected(*ended_);
  return std::nullopt;
}

Result<void> PostgresClient::write_copy(std::string_view bytes) {
  OUTRIDER_ASSERT(state_ == State::Copying, "write_copy() before START_REPLICATION");
  if (ended_) return std::unexpected(*ended_);
  if (bytes.empty()) {
    link_->flush();
  } else {
    link_->write(Message::CopyData, std::string(bytes));
  }
  return {};
}

void PostgresClient::end_copy() {
  OUTRIDER_ASSERT(state_ == State::Copying, "end_copy() before START_REPLICATION");
  link_->write(Message::CopyDone, {});
}

void PostgresClient::set_low_watermark(bool behind) { link_->raise_watermark(behind); }

Wake::Descriptor PostgresClient::interest() const {
  if (fd_ < 0) return {};
  if (state_ != State::Connecting) {
    return {.fd = fd_, .read = true, .write = link_->has_unsent()};
  }
  return {.fd = fd_, .read = link_->reads_next(), .write = !link_->reads_next()};
}

Result<void> PostgresClient::check() {
  OUTRIDER_ASSERT(state_ == State::Idle, "check() of a busy connection");
  receive();
  OUTRIDER_ASSERT(parse() == nullptr, "the server answered although nobody asked");
  if (failed_) return std::unexpected(*failed_);
  if (ended_) return std::unexpected(*ended_);
  return {};
}

int PostgresClient::server_version() const { return server_.version_number(); }

Result<std::string> PostgresClient::escape_literal(std::string_view text) const {
  return postgres::quote_literal(text);
}

Result<std::string> PostgresClient::escape_identifier(std::string_view name) const {
  return postgres::quote_identifier(name);
}

}  // namespace outrider::simulation
