// One connection of the simulated Postgres, seen from both ends: what was sent, what of it has
// arrived, and how it breaks. Used by the simulated connections and sessions.
#pragma once

#include "connectors/postgres/connection.h"
#include "connectors/postgres/options.h"
#include "relay/base/error.h"
#include "tests/simulation/environment.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

namespace outrider::simulation {

/// Two streams of bytes with bounded buffers. What the server sends arrives in pieces cut by
/// chance; what the client sends arrives message by message. The client's functions need no
/// server: both ends may go at any time.
class PostgresLink {
 public:
  struct Answer {
    Result<postgres::Rows> rows;
  };
  struct CopyData {
    std::string bytes;
  };
  struct Warning {
    Error error;
  };
  struct Failed {  ///< Of the stream, or with close() after it of the connection.
    Error error;
  };
  struct CopyDone {};
  using FromServer = std::variant<Answer, CopyData, Warning, Failed, CopyDone>;

  struct FromClient {
    enum class Kind { Query, CopyData, CopyDone, Closed };
    Kind kind = Kind::Query;
    std::string bytes = {};
    TimePoint arrives_at = {};
  };

  PostgresLink(Environment& environment, int relay, postgres::Connection::Kind kind,
               postgres::Options options);

  const int relay;
  const postgres::Connection::Kind kind;
  const postgres::Options options;

  /// What is under way moves on.
  void step();
  TimePoint next_event() const;
  /// Both ends are gone.
  bool is_over() const { return !client_is_open_ && (is_closed_ || is_connecting()); }

  // Connecting: the client and the server take turns.
  bool is_connecting() const { return !is_admitted_ && !refusal_; }
  /// The server may answer the client's turn now; true if it was the last one.
  bool is_turn_due() const;
  bool is_last_turn() const { return turns_ == 1; }
  void answer_turn() { turn_is_answered_ = true; }
  void admit() { is_admitted_ = true; }
  void refuse(Error error);
  /// The server never answers.
  void ignore() { turn_due_ = TimePoint::max(); }

  // The server's end.
  bool has_room() const { return sent_ - arrived_ < send_room_; }
  void send(FromServer message);
  void close();
  std::optional<FromClient> hear();

  // The client's end.
  /// True when ready; takes the client's next turn otherwise.
  Result<bool> connect();
  bool reads_next() const { return turns_ % 2 == 1; }
  enum class Received { Bytes, Nothing, End };
  /// As recv(2): moves some of what has arrived to where front() finds it.
  Received receive();
  /// The first message, if all of it was received; null otherwise.
  FromServer* front();
  void pop() { messages_.pop_front(); }
  void write(FromClient::Kind kind, std::string bytes);
  void flush();
  bool has_unsent() const { return !unsent_.empty(); }
  void raise_watermark(bool behind) { is_behind_ = behind; }
  bool is_ready(const Wake::Descriptor& wanted) const;
  void close_client();

  // Faults.
  /// Nothing passes any more, by chance from the middle of a message on. Each end hears of it when
  /// its time comes (max: never).
  void cut(TimePoint client_hears_at, TimePoint server_hears_at);
  /// The client is gone without a word.
  void vanish();

 private:
  struct Sent {
    FromServer message;
    std::uint64_t end = 0;  // Place in the stream of bytes.
  };

  Duration latency();
  std::uint64_t due_bytes() const;
  void schedule();
  bool has_ended() const;

  Environment& environment_;
  // Connecting.
  bool is_admitted_ = false;
  bool client_knows_ = false;  // That it is admitted.
  std::optional<Error> refusal_;
  std::uint64_t turns_;
  TimePoint turn_due_;
  bool turn_is_answered_ = false;
  // From the server; counted in bytes since the beginning.
  std::deque<Sent> messages_;
  std::uint64_t sent_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t lost_from_;  // Where the bytes end that ever arrive.
  std::uint64_t send_room_;
  std::uint64_t receive_room_;
  TimePoint next_arrival_ = TimePoint::max();
  bool is_closed_ = false;
  TimePoint client_hears_end_at_{};
  // From the client.
  std::deque<FromClient> to_server_;
  std::deque<FromClient> unsent_;
  TimePoint last_arrival_{};
  TimePoint socket_takes_at_{};
  bool client_is_open_ = true;
  bool is_cut_ = false;
  bool is_behind_ = false;
};

}  // namespace outrider::simulation
