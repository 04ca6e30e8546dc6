// What a client of the simulated server meets on the wire: pieces, bounded buffers, time-outs.
#include "connectors/postgres/catalog.h"
#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/sqlstate.h"
#include "connectors/postgres/walstream.h"
#include "tests/simulation/tests_postgres/postgres_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::simulation {
namespace {

using postgres::Connection;

/// A connection driven by hand, beside the time of a world.
class RawClient {
 public:
  RawClient(PostgresWorld& world, Connection::Kind kind)
      : world_(world),
        connector_(world.server.connector(100, usual_options())),
        connection(connector_->open(kind)) {
    EXPECT_TRUE(wait([&] { return connection->connect().value_or(false); }));
  }

  Result<postgres::Rows> ask(const std::string& sql) {
    Result<postgres::Rows> answer;
    EXPECT_TRUE(connection->query(sql));
    EXPECT_TRUE(wait([&] {
      Result<std::optional<postgres::Rows>> rows = connection->result();
      if (rows && !*rows) return false;
      answer = rows ? Result<postgres::Rows>(**rows) : std::unexpected(rows.error());
      return true;
    }));
    return answer;
  }
  Result<postgres::Rows> start(const std::string& from, const std::string& more = "") {
    return ask("START_REPLICATION SLOT \"outrider_orders\" LOGICAL " + from +
               " (proto_version '1', publication_names '\"outrider_orders\"', messages 'true'" +
               more + ")");
  }
  /// All that has arrived, by the letter of each message; keepalives are 'k'.
  std::string read() {
    std::string letters;
    while (true) {
      const Result<std::optional<std::string_view>> data = connection->read_copy();
      if (!data) {
        ended = data.error().what;
        return letters;
      }
      if (!*data) return letters;
      letters += (**data)[0] == 'k' ? 'k' : (**data)[25];
      bytes.emplace_back(**data);
    }
  }
  void reply(postgres::Lsn write, postgres::Lsn flush) {
    const auto status = encode(postgres::StatusUpdate{
        .write = write, .flush = flush, .apply = flush, .sent = world_.environment.clock.wall});
    EXPECT_TRUE(connection->write_copy({status.data(), status.size()}));
  }
  /// False if it has not come true in 10 s.
  template <typename Condition>
  bool wait(Condition condition) {
    for (int i = 0; i < 10'000; ++i) {
      if (condition()) return true;
      world_.run_for(1ms);
    }
    return false;
  }
  bool is_ready() const { return world_.environment.descriptors.is_ready(connection->interest()); }

 private:
  PostgresWorld& world_;
  std::unique_ptr<postgres::Connector> connector_;

 public:
  std::unique_ptr<Connection> connection;
  std::string ended;
  std::vector<std::string> bytes;
};

TEST(SimulatedPostgresWire, ATransactionIsSentWhole) {
  PostgresWorld world(1, usual_shape(15));
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  world.server.commit({world.event(), world.event()});
  world.server.commit_unpublished();
  world.run_for(1s);
  std::string letters = client.read();
  std::erase(letters, 'k');
  EXPECT_EQ(letters, "BRIIC");
}

TEST(SimulatedPostgresWire, Release14SendsEmptyTransactions) {
  PostgresWorld world(1, usual_shape(14));
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  world.run_for(1s);
  client.read();
  world.server.commit_unpublished();
  world.run_for(1s);
  EXPECT_EQ(client.read().substr(0, 2), "BC");
}

TEST(SimulatedPostgresWire, AStreamBeginsAfterWhatIsConfirmedAndAfterWhatIsAskedFor) {
  PostgresWorld world(1);
  const Committed first = world.server.commit({world.event()});
  const Committed second = world.server.commit({world.event()});
  const auto begins = [&](const std::string& from) {
    RawClient client(world, Connection::Kind::Replication);
    EXPECT_TRUE(client.start(from));
    world.run_for(1s);
    const std::string letters = client.read();
    client.connection.reset();
    world.run_for(1s);
    return std::ranges::count(letters, 'B');
  };
  EXPECT_EQ(begins("0/0"), 2);
  EXPECT_EQ(begins(postgres::to_string(first.final_lsn)), 2);
  EXPECT_EQ(begins(postgres::to_string(first.end_lsn)), 1);
  EXPECT_EQ(begins(postgres::to_string(second.end_lsn)), 0);
}

TEST(SimulatedPostgresWire, ValuesComeInTheFormThatWasAskedFor) {
  PostgresWorld world(1);
  world.server.commit({world.event()});
  const auto row = [&](const std::string& more) {
    RawClient client(world, Connection::Kind::Replication);
    EXPECT_TRUE(client.start("0/0", more));
    world.run_for(1s);
    client.read();
    std::string found;
    for (const std::string& bytes : client.bytes) {
      if (bytes[0] == 'w' && bytes[25] == 'I') found = bytes.substr(25);
    }
    client.connection.reset();
    world.run_for(1s);
    return found;
  };
  EXPECT_NE(row("").find("00000001-0000-4000-8000-000000000001"), std::string::npos);
  EXPECT_NE(row(", binary 'true'").find("\x01{\"n\": 1}"), std::string::npos);
}

TEST(SimulatedPostgresWire, AClientThatDoesNotReadStopsTheWalsender) {
  PostgresWorld world(1);
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  for (int i = 0; i < 200; ++i) world.commit(10);
  world.run_for(10s);
  EXPECT_TRUE(client.is_ready());
  const WallTime begins_to_read = world.environment.clock.wall;
  const auto commits = [&] {
    return std::ranges::count_if(
        client.bytes, [](const auto& bytes) { return bytes[0] == 'w' && bytes[25] == 'C'; });
  };
  EXPECT_TRUE(client.wait([&] {
    client.read();
    return commits() == 200;
  }));
  // The last ones were sent only now that there was room.
  const auto last = std::find_if(client.bytes.rbegin(), client.bytes.rend(),
                                 [](const auto& bytes) { return bytes[0] == 'w'; });
  const Result<postgres::CopyData> data = postgres::decode_copy_data(*last);
  EXPECT_GT(std::get<postgres::XLogData>(*data).sent, begins_to_read);
}

TEST(SimulatedPostgresWire, MessagesArriveInPieces) {
  int pieces = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    PostgresWorld world(seed);
    RawClient client(world, Connection::Kind::Replication);
    EXPECT_TRUE(client.start("0/0"));
    for (int i = 0; i < 20; ++i) world.commit();
    const TimePoint end = world.environment.clock.steady + 1s;
    while (world.environment.clock.steady < end) {
      world.run_for(20us);
      // Something has arrived, but no whole message.
      if (client.is_ready() && client.read().empty()) ++pieces;
    }
  }
  EXPECT_GT(pieces, 20);
}

TEST(SimulatedPostgresWire, ASilentClientIsAskedAndThenLeft) {
  PostgresWorld world(1);
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  world.run_for(16s);
  client.read();
  ASSERT_FALSE(client.bytes.empty());
  EXPECT_EQ(client.bytes.back().back(), 1) << "no reply was asked for";
  EXPECT_EQ(client.ended, "");
  world.run_for(15s);
  client.read();
  EXPECT_NE(client.ended, "");
}

TEST(SimulatedPostgresWire, AnIdleSessionIsEnded) {
  PostgresWorld world(1);
  RawClient client(world, Connection::Kind::Ordinary);
  world.run_for(29s);
  EXPECT_TRUE(client.connection->check());
  world.run_for(2s);
  EXPECT_TRUE(client.is_ready());
  const Result<void> ended = client.connection->check();
  ASSERT_FALSE(ended);
  EXPECT_EQ(postgres::sqlstate_of(ended.error()), "57P05");
}

TEST(SimulatedPostgresWire, AShutdownHangsForAClientThatRepliesButNeverConfirms) {
  PostgresWorld world(1);
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  world.commit();
  world.server.shut_down(1s);
  for (int i = 0; i < 70; ++i) {
    world.run_for(1s);
    client.read();
    if (client.ended.empty())
      client.reply(world.server.confirmed_flush(), world.server.confirmed_flush());
  }
  EXPECT_EQ(world.server.shutdowns_that_hung(), 1U);
}

TEST(SimulatedPostgresWire, TheStreamEndsInGoodOrderOnceAllIsConfirmed) {
  PostgresWorld world(1);
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  world.commit();
  world.server.shut_down(1s);
  world.run_for(1s);
  client.read();
  client.reply(world.server.wal_end(), world.server.wal_end());
  // The socket may take the reply a little later.
  world.run_for(100ms);
  client.read();
  world.run_for(500ms);
  client.read();
  EXPECT_EQ(client.ended, "the server ended the replication stream");
  EXPECT_EQ(world.server.shutdowns_that_hung(), 0U);
}

TEST(SimulatedPostgresWire, ConfirmationsMoveTheSlotForwardOnly) {
  PostgresWorld world(1);
  RawClient client(world, Connection::Kind::Replication);
  ASSERT_TRUE(client.start("0/0"));
  world.commit();
  world.run_for(1s);
  const postgres::Lsn end = world.server.wal_end();
  client.reply(end, end);
  world.run_for(1s);
  EXPECT_EQ(world.server.confirmed_flush(), end);
  client.reply(end, postgres::Lsn{1});
  world.run_for(1s);
  EXPECT_EQ(world.server.confirmed_flush(), end);
}

TEST(SimulatedPostgresWire, LocksAndWalsendersAreCounted) {
  PostgresWorld world(1);
  RawClient first(world, Connection::Kind::Replication);
  RawClient second(world, Connection::Kind::Replication);
  const std::string lock = postgres::lock_query(usual_options());
  EXPECT_EQ(first.ask(lock)->rows[0][0], "t");
  EXPECT_EQ(first.ask(lock)->rows[0][0], "t") << "its own lock";
  EXPECT_EQ(second.ask(lock)->rows[0][0], "f");
  ASSERT_TRUE(first.start("0/0"));
  const Result<postgres::Rows> busy = second.start("0/0");
  ASSERT_FALSE(busy);
  EXPECT_EQ(postgres::sqlstate_of(busy.error()), "55006");

  const auto connector = world.server.connector(101, usual_options());
  const auto third = connector->open(Connection::Kind::Replication);
  std::string refusal;
  EXPECT_TRUE(second.wait([&] {
    const Result<bool> ready = third->connect();
    if (!ready) refusal = postgres::sqlstate_of(ready.error());
    return !refusal.empty();
  }));
  EXPECT_EQ(refusal, "53300");

  first.connection.reset();
  world.run_for(1s);
  EXPECT_EQ(second.ask(lock)->rows[0][0], "t");
}

}  // namespace
}  // namespace outrider::simulation
