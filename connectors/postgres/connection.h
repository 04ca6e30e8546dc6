// The narrow seam between the Postgres source and a server: all the source needs of a connection.
// Implemented by libpq_connection.cpp and by the simulated server.
#pragma once

#include "connectors/wake.h"
#include "relay/base/error.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::postgres {

/// What a query gave. Values are in text form; no value: NULL.
struct Rows {
  std::size_t columns = 0;
  std::vector<std::vector<std::optional<std::string>>> rows;
  /// True if the query was START_REPLICATION: from now on read_copy() and write_copy() count.
  bool copying = false;
};

/// One connection from its first byte to its last. One thread; no call blocks for longer than a
/// name look-up. Call again when interest() is met, or any time before. After an error of
/// connect(), read_copy(), write_copy() or check(), or an error of result() that says Unavailable,
/// the connection is of no more use. Errors of the server end with their code, see sqlstate_of().
///
/// Order of calls: connect() until true; then query() and result() until it has a value, again and
/// again; after a result that is `copying` only read_copy(), write_copy(), end_copy(). Destruction
/// closes the connection.
class Connection {
 public:
  enum class Kind {
    Ordinary,     ///< For queries; limited in time by a statement_timeout.
    Replication,  ///< `replication=database`: queries, and then the stream.
  };

  virtual ~Connection() = default;

  /// True when ready. The deadline is the caller's.
  virtual Result<bool> connect() = 0;

  /// Sends a query in the simple protocol; it may have several statements. Not before the last one
  /// was answered.
  virtual Result<void> query(std::string_view sql) = 0;

  /// The last set of rows that the statements gave (empty if none gave any), or the first error.
  /// No value: not yet complete.
  virtual Result<std::optional<Rows>> result() = 0;

  /// The next CopyData payload, which lives until the next call; no value: nothing has arrived.
  /// Reads from the socket at most once, and only if nothing is buffered. The end of the stream is
  /// an error, also when the server ended it in good order.
  virtual Result<std::optional<std::string_view>> read_copy() = 0;

  /// Queues one CopyData payload and sends what the socket takes; the rest goes out with later
  /// calls of read_copy() or write_copy(). Empty bytes only send what is queued.
  virtual Result<void> write_copy(std::string_view bytes) = 0;

  /// Says that nothing more will be written; best effort, for an orderly end.
  virtual void end_copy() = 0;

  /// While `behind`, the socket counts as readable only when much has arrived: fewer wake-ups make
  /// the server's sender faster. A caller that is behind reads at least every few milliseconds
  /// whether the socket is readable or not.
  virtual void set_low_watermark(bool behind) = 0;

  /// What to wait for; the descriptor may change with every call of connect().
  virtual Wake::Descriptor interest() const = 0;

  /// On a connection without a query under way: the error with which the server ended it, if it
  /// did.
  virtual Result<void> check() = 0;

  /// For example 150018.
  virtual int server_version() const = 0;

  /// The server process, as it was named when the connection was made; a pooler names one of its
  /// own.
  virtual int backend_pid() const = 0;

  /// In effect, whether the dsn says it, a service file or the environment.
  virtual std::string sslmode() const = 0;

  /// Moves out the notices and warnings that the server sent since the last call, one line each;
  /// see WarningBuffer for what is kept of many.
  virtual std::vector<std::string> take_warnings() = 0;

  /// With quotes. Only on a connection that is ready. A backslash becomes the E'…' form, which
  /// replication commands do not understand.
  virtual Result<std::string> escape_literal(std::string_view text) const = 0;
  virtual Result<std::string> escape_identifier(std::string_view name) const = 0;
};

/// Makes connections to one configured server.
class Connector {
 public:
  virtual ~Connector() = default;
  /// A connection that has not begun to connect. It must not outlive the connector.
  virtual std::unique_ptr<Connection> open(Connection::Kind kind) = 0;
};

}  // namespace outrider::postgres
