// What services rely on: transactions, outbox and inbox of samples/outbox on a real Postgres.
#include "samples/outbox/database.h"
#include "samples/outbox/inbox.h"
#include "samples/outbox/migration.h"
#include "samples/outbox/outbox.h"
#include "tests/support/postgres_server.h"
#include "tests/support/sql.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace outbox {
namespace {

using outrider::testing::PostgresServer;
using outrider::testing::Sql;
using outrider::testing::TemporaryFolder;
using ::testing::HasSubstr;

struct Server {
  TemporaryFolder folder;
  PostgresServer postgres{folder.path() / "postgres"};
  int databases = 0;
};

/// Each test has a database of its own, with the inbox and a table `effect`.
class OutboxLibrary : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new Server; }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    const std::string name = "service" + std::to_string(++server_->databases);
    server_->postgres.create_database(name);
    dsn_ = server_->postgres.dsn(name);
    database_.emplace(dsn_);
    ASSERT_TRUE(migrate_inbox(*database_));
    run("create table effect (n bigint not null check (n < 100))");
  }

  static PostgresServer& postgres() { return server_->postgres; }
  Database& database() { return *database_; }
  std::string value(const std::string& query) const { return Sql(dsn_).value(query); }
  void run(const std::string& statement) const { Sql(dsn_).run(statement); }
  std::string effects() const { return value("select count(*) from effect"); }

  Result<Handled> handle(const Message& message) { return inbox().handle(message); }
  static Message message(const std::string& id, const std::string& payload = "{}") {
    return {.id = id, .type = "happened", .topic = "topic", .payload = payload};
  }

  /// Its handler calls `before` and then writes an effect.
  Inbox inbox(const std::function<Result<void>(Transaction&)>& before = {}) {
    Inbox inbox(database(), "test");
    inbox.on("happened", [before](Transaction& transaction, const nlohmann::json& payload) {
      if (before) {
        if (Result<void> done = before(transaction); !done) return done;
      }
      return add_effect(transaction, payload.value("n", 1));
    });
    return inbox;
  }

  static Result<void> add_effect(Transaction& transaction, int n) {
    OUTRIDER_TRY(transaction.run("insert into effect values ($1)", {std::to_string(n)}));
    return {};
  }

 private:
  static inline Server* server_ = nullptr;
  std::string dsn_;
  std::optional<Database> database_;
};

TEST_F(OutboxLibrary, AMessageThatComesTwiceHasItsEffectOnce) {
  EXPECT_EQ(handle(message("1")), Handled::Now);
  EXPECT_EQ(handle(message("1")), Handled::Before);
  EXPECT_EQ(effects(), "1");
}

TEST_F(OutboxLibrary, AMessageThatComesToManyThreadsAtOnceHasItsEffectOnce) {
  Inbox shared = inbox();
  std::atomic<int> now = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        if (shared.handle(message("1")) == Handled::Now) ++now;
      });
    }
  }
  EXPECT_EQ(now, 1);
  EXPECT_EQ(effects(), "1");
}

TEST_F(OutboxLibrary, AMessageOfNoInterestIsIgnoredAndNotNoted) {
  Message other = message("1");
  other.type = "else";
  EXPECT_EQ(handle(other), Handled::Ignored);
  EXPECT_EQ(value("select count(*) from inbox"), "0");
}

TEST_F(OutboxLibrary, AHandlerThatFailsLeavesNeitherEffectsNorANote) {
  Inbox failing = inbox([](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(add_effect(transaction, 1));
    return failure(ErrorKind::Unavailable, "not now");
  });
  EXPECT_FALSE(failing.handle(message("1")));
  EXPECT_EQ(effects(), "0");
  EXPECT_EQ(value("select count(*) from inbox"), "0");
  EXPECT_EQ(handle(message("1")), Handled::Now);
}

TEST_F(OutboxLibrary, AMessageThatKeepsFailingIsParkedOnceWithItsReason) {
  for (const char* payload : {R"({"n": 1000})", "[]", "\xff", R"({"n": "text"})"}) {
    const std::string id = std::to_string(std::hash<std::string_view>()(payload));
    EXPECT_EQ(handle(message(id, payload)), Handled::Parked) << payload;
    EXPECT_NE(value("select reason from parked_event where message_id = '" + id + "'"), "");
    EXPECT_EQ(handle(message(id, "{}")), Handled::Before) << payload;
  }
  EXPECT_EQ(effects(), "0");
  EXPECT_THAT(value("select reason from parked_event where payload = '{\"n\": 1000}'"),
              HasSubstr("violates check constraint"));
}

TEST_F(OutboxLibrary, AHandlerThatThrowsCountsAsFailing) {
  Inbox throwing = inbox([](Transaction&) -> Result<void> { throw std::runtime_error("thrown"); });
  EXPECT_EQ(throwing.handle(message("1")), Handled::Parked);
  EXPECT_EQ(value("select reason from parked_event"), "thrown");
}

TEST_F(OutboxLibrary, AHandlerThatFailsOnlyAtFirstIsNotParked) {
  int calls = 0;
  Inbox moody = inbox([&](Transaction&) -> Result<void> {
    if (++calls < 3) return failure(ErrorKind::BadEvent, "not yet");
    return {};
  });
  EXPECT_EQ(moody.handle(message("1")), Handled::Now);
  EXPECT_EQ(effects(), "1");
  EXPECT_EQ(value("select count(*) from parked_event"), "0");
}

TEST_F(OutboxLibrary, AMessageWithoutAnIdIsKnownByItsPlace) {
  Message nameless = message("");
  nameless.offset = 7;
  EXPECT_EQ(handle(nameless), Handled::Now);
  EXPECT_EQ(handle(nameless), Handled::Before);
  EXPECT_EQ(value("select message_id from inbox"), "topic/0/7");
}

TEST_F(OutboxLibrary, AnyIdAndPayloadCanBeParked) {
  const std::string bytes("\0\xff\n'", 4);
  EXPECT_EQ(handle(message(bytes, bytes)), Handled::Parked);
  EXPECT_EQ(handle(message(std::string(100'000, 'x'), "")), Handled::Parked);
  EXPECT_EQ(value("select payload from parked_event where length(payload) > 0"), "\\x00ff0a27");
}

TEST_F(OutboxLibrary, ATransactionThatMetAConflictIsTriedAgain) {
  ASSERT_TRUE(
      database().transact([](Transaction& transaction) { return add_effect(transaction, 1); }));
  int tries = 0;
  const Result<void> done = database().transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(transaction.run("select n from effect"));
    // Somebody else is faster, once.
    if (++tries == 1) run("update effect set n = 2");
    OUTRIDER_TRY(transaction.run("update effect set n = n + 1"));
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(value("select n from effect"), "3");
}

TEST_F(OutboxLibrary, NoUpdateIsLostBetweenTransactionsOfManyThreads) {
  ASSERT_TRUE(database().transact([](Transaction& transaction) -> Result<void> {
    return transaction.run_script(
        "create table counter (n bigint); insert into counter values (0)");
  }));
  constexpr int kThreads = 4;
  constexpr int kTimes = 25;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < kTimes; ++n) {
          // Read, think, write: a lost update wherever transactions are not isolated.
          const auto raised = database().transact([](Transaction& transaction) -> Result<void> {
            OUTRIDER_TRY(const Rows rows, transaction.run("select n from counter"));
            OUTRIDER_TRY(transaction.run("update counter set n = $1",
                                         {std::to_string(rows.whole(0, 0) + 1)}));
            return {};
          });
          if (raised) ++done;
        }
      });
    }
  }
  EXPECT_GT(done, 0);
  EXPECT_EQ(value("select n from counter"), std::to_string(done));
}

TEST_F(OutboxLibrary, AStatementWhoseErrorIsIgnoredDoesNotPassForACommit) {
  const Result<void> done = database().transact([](Transaction& transaction) -> Result<void> {
    static_cast<void>(transaction.run("insert into nowhere values (1)"));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Internal);
}

TEST_F(OutboxLibrary, AZeroByteIsRefusedAndNotCutOff) {
  const Result<void> done = database().transact([](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(transaction.run("select $1::text", {std::string("a\0b", 3)}));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::BadEvent);
}

TEST_F(OutboxLibrary, ARestartOfTheServerCostsNoRequestThatComesAfterIt) {
  {
    // Several connections lie idle afterwards.
    std::array<std::jthread, 4> threads;
    for (std::jthread& thread : threads) {
      thread = std::jthread([&] {
        EXPECT_TRUE(database().transact([](Transaction& transaction) -> Result<void> {
          OUTRIDER_TRY(transaction.run("select pg_sleep(0.2)"));
          return {};
        }));
      });
    }
  }
  postgres().kill_hard();
  EXPECT_FALSE(database().ping());
  postgres().start();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(database().ping());
}

TEST_F(OutboxLibrary, MigrationsRunOnceHoweverManyStartTogether) {
  constexpr std::array kScripts = {
      Migration{"one", "create table made (n bigint); insert into made values (1)"},
      Migration{"two", "insert into made values (2)"}};
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        if (migrate(database(), kScripts)) ++done;
      });
    }
  }
  EXPECT_EQ(done, 6);
  EXPECT_EQ(value("select string_agg(n::text, ' ' order by n) from made"), "1 2");
}

TEST_F(OutboxLibrary, AMigrationThatFailsIsNamedAndLeavesNothing) {
  constexpr std::array kScripts = {Migration{"broken", "create table made (n bigint); oops"}};
  const Result<void> done = migrate(database(), kScripts);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().what, HasSubstr("migration broken"));
  EXPECT_EQ(value("select to_regclass('made') is null"), "t");
}

TEST_F(OutboxLibrary, AnEventIsWrittenWithATimeOrderedIdAndOnlyWithItsTransaction) {
  const std::string table =
      "create table outbox (id uuid primary key, aggregatetype text, aggregateid text, type text, "
      "payload jsonb, traceparent text)";
  const Event event{.aggregatetype = "order",
                    .aggregateid = "42",
                    .type = "order.created",
                    .payload = {{"total", 12}}};
  ASSERT_TRUE(database().transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(transaction.run_script(table));
    return write(transaction, event);
  }));
  EXPECT_FALSE(database().transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(write(transaction, event));
    return failure(ErrorKind::BadEvent, "rolled back");
  }));
  EXPECT_EQ(value("select count(*) from outbox"), "1");
  // Version 7, variant 10, and the time of now: RFC 9562, section 5.7.
  EXPECT_EQ(value("select substr(id::text, 15, 1) || (substr(id::text, 20, 1) in "
                  "('8', '9', 'a', 'b')) from outbox"),
            "7true");
  EXPECT_EQ(
      value("select abs(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint - "
            "extract(epoch from now()) * 1000) < 60000 from outbox"),
      "t");
}

}  // namespace
}  // namespace outbox
