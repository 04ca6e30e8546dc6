#include "connectors/postgres/libpq_connection.h"

#include "connectors/postgres/connect_parameters.h"
#include "connectors/postgres/libpq_dsn.h"
#include "connectors/postgres/libpq_handles.h"
#include "connectors/postgres/sqlstate.h"
#include "connectors/postgres/warning_buffer.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string_view>
#include <utility>

namespace outrider::postgres {
namespace {

constexpr int kLowWatermarkBehind = 128 * 1024;

class LibpqConnection final : public Connection {
 public:
  LibpqConnection(const Options& options, Kind kind, std::size_t& failures)
      : options_(options), kind_(kind), failures_(failures) {}
  ~LibpqConnection() override {
    if (!ready_ && handle_) ++failures_;
  }
  LibpqConnection(const LibpqConnection&) = delete;
  LibpqConnection& operator=(const LibpqConnection&) = delete;

  Result<bool> connect() override;
  Result<void> query(std::string_view sql) override;
  Result<std::optional<Rows>> result() override;
  Result<std::optional<std::string_view>> read_copy() override;
  Result<void> write_copy(std::string_view bytes) override;
  void end_copy() override;
  void set_low_watermark(bool behind) override;
  Wake::Descriptor interest() const override;
  Result<void> check() override;
  int server_version() const override { return PQserverVersion(handle_.get()); }
  int backend_pid() const override { return PQbackendPID(handle_.get()); }
  std::string sslmode() const override;
  std::vector<std::string> take_warnings() override { return warnings_.take(); }
  Result<std::string> escape_literal(std::string_view text) const override;
  Result<std::string> escape_identifier(std::string_view name) const override;

 private:
  Result<void> start();
  bool socket_ready() const;
  Result<void> receive();
  Result<void> flush();
  Result<void> take_result(LibpqResult result);
  Result<std::optional<Rows>> answer();
  Result<std::optional<std::string_view>> copy_ended();
  Error broken() const;
  Result<std::string> escaped(LibpqText text) const;
  static void hear(void* self, const PGresult* notice);

  const Options& options_;  // The connector's, which outlives its connections.
  Kind kind_;
  std::size_t& failures_;  // The connector's.
  LibpqHandle handle_;
  bool ready_ = false;
  PostgresPollingStatusType polling_ = PGRES_POLLING_WRITING;
  bool unsent_ = false;
  bool copy_over_ = false;
  int low_watermark_ = 1;
  Rows rows_;
  std::optional<Error> query_error_;
  std::optional<Error> fatal_;  // With which the server ended an idle connection.
  LibpqText copied_;
  WarningBuffer warnings_;
};

Result<void> LibpqConnection::start() {
  OUTRIDER_TRY(ConnectParameters from_dsn, parse_dsn(options_.dsn));
  ConnectWish wish{.kind = kind_, .slot = options_.slot, .failures = failures_};
  OUTRIDER_TRY(wish.password, read_password(options_));
  const ConnectParameters parameters = connect_parameters(std::move(from_dsn), wish);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  handle_.reset(PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0));
  if (!handle_) return failure(ErrorKind::Unavailable, "connect to Postgres: out of memory");
  // libpq gives no result for a refused connection; only this verbosity tells the error code.
  PQsetErrorVerbosity(handle_.get(), PQERRORS_VERBOSE);
  PQsetNoticeReceiver(handle_.get(), &LibpqConnection::hear, this);
  return {};
}

bool LibpqConnection::socket_ready() const {
  pollfd waited{.fd = PQsocket(handle_.get()),
                .events = static_cast<short>(polling_ == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                .revents = 0};
  return ::poll(&waited, 1, 0) != 0;
}

Result<bool> LibpqConnection::connect() {
  if (ready_) return true;
  if (!handle_) OUTRIDER_TRY(start());
  if (PQstatus(handle_.get()) != CONNECTION_BAD) {
    // PQconnectPoll() takes a call as the news that the socket is ready.
    if (!socket_ready()) return false;
    polling_ = PQconnectPoll(handle_.get());
    if (polling_ == PGRES_POLLING_READING || polling_ == PGRES_POLLING_WRITING) return false;
  }
  if (PQstatus(handle_.get()) != CONNECTION_OK) {
    return std::unexpected(
        connect_error(PQerrorMessage(handle_.get())).within("connect to Postgres"));
  }
  PQsetErrorVerbosity(handle_.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(handle_.get(), 1) != 0) return std::unexpected(broken());
  ready_ = true;
  return true;
}

Error LibpqConnection::broken() const {
  if (fatal_) return *fatal_;
  const std::string_view message = PQerrorMessage(handle_.get());
  return sql_error(message.empty() ? "the connection to Postgres broke" : message, "");
}

Result<void> LibpqConnection::receive() {
  if (PQconsumeInput(handle_.get()) == 1) return {};
  return std::unexpected(broken());
}

Result<void> LibpqConnection::flush() {
  const int left = PQflush(handle_.get());
  unsent_ = left == 1;
  if (left < 0) return std::unexpected(broken());
  return {};
}

Result<void> LibpqConnection::query(std::string_view sql) {
  rows_ = {};
  query_error_.reset();
  if (PQsendQuery(handle_.get(), std::string(sql).c_str()) != 1) return std::unexpected(broken());
  return flush();
}

Result<void> LibpqConnection::take_result(LibpqResult result) {
  switch (PQresultStatus(result.get())) {
    case PGRES_TUPLES_OK:
      rows_ = copy_rows(result.get());
      break;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      break;
    case PGRES_COPY_BOTH:
      rows_ = {};
      rows_.copying = true;
      break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
      // It would wait for data that nobody has.
      return failure(ErrorKind::Internal, "a query began a COPY");
    default:
      if (!query_error_) {
        query_error_ = result_error(result.get());
      }
  }
  return {};
}

Result<std::optional<Rows>> LibpqConnection::answer() {
  if (query_error_) return std::unexpected(*std::exchange(query_error_, std::nullopt));
  return std::exchange(rows_, {});
}

Result<std::optional<Rows>> LibpqConnection::result() {
  if (unsent_) OUTRIDER_TRY(flush());
  Result<void> received;
  if (PQisBusy(handle_.get()) != 0) received = receive();
  while (PQisBusy(handle_.get()) == 0) {
    LibpqResult result(PQgetResult(handle_.get()));
    if (!result) return answer();
    OUTRIDER_TRY(take_result(std::move(result)));
    if (rows_.copying) return answer();
  }
  if (received) return std::nullopt;
  // What the server said before it closed the connection tells more than that it did.
  if (query_error_) return answer();
  return std::unexpected(std::move(received).error());
}

Result<std::optional<std::string_view>> LibpqConnection::read_copy() {
  if (copy_over_) return copy_ended();
  if (unsent_) OUTRIDER_TRY(flush());
  std::optional<Error> lost;
  for (int pass = 0; pass < 2; ++pass) {
    char* buffer = nullptr;
    const int size = PQgetCopyData(handle_.get(), &buffer, /*async=*/1);
    copied_.reset(buffer);
    if (size > 0) return std::string_view(buffer, static_cast<std::size_t>(size));
    if (size == -1) {
      copy_over_ = true;
      return copy_ended();
    }
    if (size < -1) return std::unexpected(broken());
    // Only now that all is drained: libpq's buffer would grow otherwise, and never shrink.
    if (pass == 0) {
      if (auto received = receive(); !received) lost = std::move(received).error();
    }
  }
  if (lost) return std::unexpected(*std::move(lost));
  return std::nullopt;
}

// The stream is over; the reason follows it.
Result<std::optional<std::string_view>> LibpqConnection::copy_ended() {
  if (PQisBusy(handle_.get()) != 0) {
    OUTRIDER_TRY(receive());
    if (PQisBusy(handle_.get()) != 0) return std::nullopt;
  }
  const LibpqResult result(PQgetResult(handle_.get()));
  if (result && PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
    return std::unexpected(result_error(result.get()));
  }
  return failure(ErrorKind::Unavailable, "the server ended the replication stream");
}

Result<void> LibpqConnection::write_copy(std::string_view bytes) {
  const int queued = PQputCopyData(handle_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (queued != 1) return std::unexpected(broken());
  return flush();
}

void LibpqConnection::end_copy() {
  if (copy_over_ || !ready_) return;
  if (PQputCopyEnd(handle_.get(), nullptr) == 1) static_cast<void>(PQflush(handle_.get()));
}

void LibpqConnection::set_low_watermark(bool behind) {
  const int wanted = behind ? kLowWatermarkBehind : 1;
  if (!handle_ || wanted == low_watermark_) return;
  low_watermark_ = wanted;
  // Without it the stream is merely slower.
  static_cast<void>(
      ::setsockopt(PQsocket(handle_.get()), SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted)));
}

Wake::Descriptor LibpqConnection::interest() const {
  if (!handle_) return {};
  const int fd = PQsocket(handle_.get());
  if (ready_) return {.fd = fd, .read = true, .write = unsent_};
  const bool reads = polling_ == PGRES_POLLING_READING;
  return {.fd = fd, .read = reads, .write = !reads};
}

Result<void> LibpqConnection::check() {
  OUTRIDER_TRY(receive());
  static_cast<void>(PQisBusy(handle_.get()));  // Reads what arrived, which calls hear().
  if (fatal_ || PQstatus(handle_.get()) != CONNECTION_OK) return std::unexpected(broken());
  return {};
}

Result<std::string> LibpqConnection::escaped(LibpqText text) const {
  if (text) return std::string(text.get());
  return failure(ErrorKind::Refused,
                 fmt::format("quote a name: {}", PQerrorMessage(handle_.get())));
}

std::string LibpqConnection::sslmode() const {
  const std::unique_ptr<PQconninfoOption, FreedBy<PQconninfoFree>> options(
      PQconninfo(handle_.get()));
  if (!options) return "";
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "sslmode" && option->val != nullptr) {
      return option->val;
    }
  }
  return "";
}

Result<std::string> LibpqConnection::escape_literal(std::string_view text) const {
  return escaped(LibpqText(PQescapeLiteral(handle_.get(), text.data(), text.size())));
}

Result<std::string> LibpqConnection::escape_identifier(std::string_view name) const {
  return escaped(LibpqText(PQescapeIdentifier(handle_.get(), name.data(), name.size())));
}

void LibpqConnection::hear(void* self, const PGresult* notice) {
  auto& connection = *static_cast<LibpqConnection*>(self);
  const std::string_view severity = result_field(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity == "FATAL" || severity == "PANIC") {
    connection.fatal_ = result_error(notice);
    return;
  }
  connection.warnings_.add(result_error(notice));
}

}  // namespace

LibpqConnector::LibpqConnector(Options options) : options_(std::move(options)) {}
LibpqConnector::~LibpqConnector() = default;

std::unique_ptr<Connection> LibpqConnector::open(Connection::Kind kind) {
  return std::make_unique<LibpqConnection>(options_, kind, failures_);
}

}  // namespace outrider::postgres
