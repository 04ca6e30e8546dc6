// The sample services end to end: each owns its state, what the other knows of it comes by events,
// and whatever dies, both agree in the end.
#include "tests/support/kafka_consumer.h"
#include "tests/support/sample_services.h"
#include "tests/support/service_load.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr auto kPatience = 90s;

/// While it lives a commit is durable at once, and waits for a standby that does not exist before
/// it is answered.
class UnansweredCommits {
 public:
  explicit UnansweredCommits(const PostgresServer& postgres) : postgres_(postgres) {
    postgres_.set("synchronous_standby_names", "nobody");
  }
  ~UnansweredCommits() { postgres_.set("synchronous_standby_names", std::nullopt); }
  UnansweredCommits(const UnansweredCommits&) = delete;
  UnansweredCommits& operator=(const UnansweredCommits&) = delete;

 private:
  const PostgresServer& postgres_;
};

/// One for all tests: what one leaves behind must not disturb the next.
struct World {
  TemporaryFolder folder;
  PostgresServer postgres{folder.path() / "postgres"};
  KafkaServer kafka{folder.path() / "kafka"};
  SampleServices services{folder.path(), postgres, kafka};
};

class Samples : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = new World; }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static World& world() { return *world_; }
  static SampleServices& services() { return world_->services; }
  static HttpClient users() { return services().users().client(); }
  static HttpClient orders() { return services().orders().client(); }
  static Sql order_db() { return services().order_db(); }

  static std::string new_id() { return order_db().value("select gen_random_uuid()"); }

  static std::string order_of(const std::string& customer, const std::string& id = {}) {
    nlohmann::json order = {{"customerId", customer}, {"product", "tea"}, {"quantity", 2}};
    if (!id.empty()) order["id"] = id;
    return order.dump();
  }

  static std::string create_user(const std::string& name) {
    const nlohmann::json user = {{"name", name}, {"email", name + "@example.org"}};
    return users().call("POST", "/users", user.dump()).body.at("id");
  }

  static std::string status_of(const std::string& order) {
    return orders().get("/orders/" + order).body.value("status", "");
  }

  static std::string count(const std::string& table, const std::string& where = "true") {
    return order_db().value("select count(*) from " + table + " where " + where);
  }

  static void wait_until(const std::string& what, const std::function<bool()>& condition) {
    if (eventually(kPatience, condition)) return;
    throw std::runtime_error("waited in vain until " + what + "\nrelay:\n" +
                             services().relay().log() + "\norder service:\n" +
                             services().orders().log());
  }

  static void wait_until_the_event_is_being_written() {
    wait_until("the service waits to write its event", [] {
      return count("pg_stat_activity",
                   "wait_event_type = 'Lock' and query like 'insert into outbox%'") == "1";
    });
  }

  /// Everything arrived, nothing twice, nothing out of order, and the copies are the truth.
  static void expect_all_agrees() {
    wait_until("the copies are equal", [] { return services().copies_are_equal(); });
    Verdict verdict;
    eventually(kPatience, [&] { return (verdict = services().judge()).lost == 0; });
    EXPECT_TRUE(verdict.is_exact()) << verdict.text() << "\nrelay:\n" << services().relay().log();
    EXPECT_EQ(count("orders",
                    "not exists (select from outbox where aggregateid = orders.id::text and "
                    "type = 'order.created')"),
              "0");
    EXPECT_EQ(count("outbox",
                    "type = 'order.created' and not exists (select from orders where "
                    "orders.id::text = aggregateid)"),
              "0");
  }

  static void expect_accepted_orders_are_there(const std::vector<std::string>& accepted) {
    std::set<std::string> there;
    for (const auto& row : order_db().rows("select id from orders")) there.insert(row[0]);
    EXPECT_THAT(there, IsSupersetOf(accepted));
  }

  /// A record of the user topic that no relay wrote; the services have no row of it.
  static void produce_user_event(const std::string& id, const std::string& type,
                                 const std::string& payload) {
    const std::filesystem::path file = world().folder.path() / "record";
    std::ofstream(file) << payload;
    run({"kcat", "-P", "-b", world().kafka.bootstrap(), "-t", SampleServices::kUserTopic, "-k",
         "by-hand", "-H", "id=" + id, "-H", "eventType=" + type, file.string()});
  }

  static std::string email_event(const std::string& user, const std::string& email, int version) {
    const nlohmann::json event = {
        {"userId", user}, {"name", "alan"}, {"newEmail", email}, {"version", version}};
    return event.dump();
  }

 private:
  static inline World* world_ = nullptr;
};

/// On servers of their own.
class HandMadeEvents : public Samples {};

TEST_F(Samples, AnOrderOfAKnownCustomerIsConfirmedAtOnce) {
  const std::string user = create_user("ada");
  wait_until("the copy is there", [&] { return orders().get("/customers/" + user).status == 200; });
  const HttpReply order = orders().call("POST", "/orders", order_of(user));
  ASSERT_EQ(order.status, 201);
  EXPECT_EQ(order.body["status"], "confirmed");
  expect_all_agrees();
}

TEST_F(Samples, AnOrderOfAnUnknownCustomerWaitsUntilTheUsersEventArrives) {
  const std::string user = new_id();
  const HttpReply order = orders().call("POST", "/orders", order_of(user));
  ASSERT_EQ(order.status, 201);
  EXPECT_EQ(order.body["status"], "pending");
  EXPECT_EQ(orders().get("/customers/" + user).status, 404);
  const nlohmann::json late = {{"id", user}, {"name", "late"}, {"email", "late@example.org"}};
  ASSERT_EQ(users().call("POST", "/users", late.dump()).status, 201);
  wait_until("the order is confirmed", [&] { return status_of(order.body["id"]) == "confirmed"; });
}

TEST_F(Samples, AnEmailThatWasChangedReachesTheCopy) {
  const std::string user = create_user("grace");
  const HttpReply changed =
      users().call("PATCH", "/users/" + user + "/email", R"({"email": "hopper@example.org"})");
  ASSERT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body["version"], 2);
  wait_until("the copy has it", [&] {
    return orders().get("/customers/" + user).body.value("email", "") == "hopper@example.org";
  });
  EXPECT_EQ(users().get("/users/" + user).body, changed.body);
}

TEST_F(Samples, TheTraceOfTheRequestTravelsWithTheEvent) {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const std::string id = new_id();
  orders().call("POST", "/orders", order_of(new_id(), id), {{"traceparent", trace}});
  orders().call("POST", "/orders/" + id + "/cancel", "", {{"traceparent", "forged, id=1"}});
  std::vector<Delivered> events;
  wait_until("both events arrived", [&] {
    events.clear();
    for (Delivered& event : read_topic(world().kafka.bootstrap(), SampleServices::kOrderTopic)) {
      if (event.key == id) events.push_back(std::move(event));
    }
    return events.size() == 2;
  });
  EXPECT_EQ(events[0].header("eventType"), "order.created");
  EXPECT_EQ(events[0].header("traceparent"), trace);
  EXPECT_EQ(events[1].header("eventType"), "order.cancelled");
  EXPECT_EQ(events[1].header("traceparent"), "");
}

TEST_F(Samples, CancellingTwiceIsCancellingOnce) {
  const std::string id = new_id();
  ASSERT_EQ(orders().call("POST", "/orders", order_of(new_id(), id)).status, 201);
  for (int i = 0; i < 2; ++i) {
    const HttpReply cancelled = orders().call("POST", "/orders/" + id + "/cancel");
    EXPECT_EQ(cancelled.status, 200);
    EXPECT_EQ(cancelled.body["status"], "cancelled");
  }
  EXPECT_EQ(count("outbox", "aggregateid = '" + id + "'"), "2");
  EXPECT_EQ(orders().call("POST", "/orders/" + new_id() + "/cancel").status, 404);
}

TEST_F(Samples, ARepeatWithTheSameIdFindsWhatTheFirstTryMade) {
  const std::string id = new_id();
  const std::string order = order_of(new_id(), id);
  EXPECT_EQ(orders().call("POST", "/orders", order).status, 201);
  EXPECT_EQ(orders().call("POST", "/orders", order).status, 200);
  EXPECT_EQ(orders().call("POST", "/orders", order_of(new_id(), id)).status, 409);
  EXPECT_EQ(count("outbox", "aggregateid = '" + id + "'"), "1");
}

TEST_F(HandMadeEvents, TheSameEventTwiceChangesNothingAndAnOlderOneNeither) {
  const std::string user = new_id();
  const std::string repeated = new_id();
  const std::string last = new_id();
  produce_user_event(new_id(), "user.email.changed", email_event(user, "new@example.org", 3));
  produce_user_event(repeated, "user.email.changed", email_event(user, "old@example.org", 2));
  produce_user_event(repeated, "user.email.changed", email_event(user, "forged@example.org", 9));
  produce_user_event(last, "user.email.changed", email_event(user, "older@example.org", 1));
  wait_until("the last one is handled",
             [&] { return count("inbox", "message_id = '" + last + "'") == "1"; });
  const nlohmann::json copy = orders().get("/customers/" + user).body;
  EXPECT_EQ(copy["email"], "new@example.org");
  EXPECT_EQ(copy["version"], 3);
  EXPECT_EQ(count("inbox", "message_id = '" + repeated + "'"), "1");
  order_db().run("delete from customer where id = '" + user + "'");
}

TEST_F(HandMadeEvents, AnEventThatKeepsFailingIsParkedWithItsReasonAndBlocksNobody) {
  const std::string incomplete = new_id();
  const std::string no_json = new_id();
  produce_user_event(incomplete, "user.created", R"({"userId": "nobody"})");
  produce_user_event(no_json, "user.created", "no json\xff");
  produce_user_event(std::string(3000, 'x') + "\xff", "user.created", "{}");
  wait_until("all are parked", [&] { return count("parked_event") == "3"; });
  const auto reason = [](const std::string& id) {
    return order_db().value("select reason from parked_event where message_id = '" + id + "'");
  };
  EXPECT_THAT(reason(incomplete), HasSubstr("the event has no text \"name\""));
  EXPECT_THAT(reason(no_json), HasSubstr("no JSON object"));
  EXPECT_EQ(
      order_db().value("select payload from parked_event where message_id = '" + no_json + "'"),
      "\\x6e6f206a736f6eff");
  create_user("after");
  wait_until("the copies are equal", [] { return services().copies_are_equal(); });
  EXPECT_THAT(orders().get("/metrics").text,
              HasSubstr("events_consumed_total{outcome=\"parked\"} 3"));
}

TEST_F(Samples, WhatIsNotValidIsAProblemDocumentAndLeavesNoRow) {
  const std::string rows = count("orders");
  const std::string begin = R"({"customerId": ")" + new_id() + R"(", )";
  for (const std::string& body : std::vector<std::string>{
           "",
           "{",
           "[]",
           "null",
           "{}",
           "\xff\xfe",
           R"("text")",
           R"({"customerId": "x"})",
           R"({"customerId": "x", "product": "tea", "quantity": 1})",
           R"({"customerId": 5, "product": "tea", "quantity": 1})",
           begin + R"("product": "tea", "quantity": -1})",
           begin + R"("product": "tea", "quantity": 0})",
           begin + R"("product": "tea", "quantity": 1.5})",
           begin + R"("product": "tea", "quantity": "1"})",
           begin + R"("product": "tea", "quantity": 18446744073709551616})",
           begin + R"("product": "tea", "quantity": null})",
           begin + R"("product": "", "quantity": 1})",
           begin + R"("product": ["tea"], "quantity": 1})",
           begin + R"("product": "a\u0000b", "quantity": 1})",
           begin + R"("product": "tea", "quantity": 1, "price": 1})",
           begin + R"("id": "5", "product": "tea", "quantity": 1})",
           begin + R"("product": ")" + std::string(10'000, 'x') + R"(", "quantity": 1})",
           std::string(10'000, '['),
           std::string(100'000, '['),
           std::string(5'000'000, ' ')}) {
    const HttpReply reply = orders().call("POST", "/orders", body);
    const std::string shown = body.substr(0, 100) + ": " + reply.body.dump();
    EXPECT_EQ(reply.status, body.size() > 50'000 ? 413 : 400) << shown;
    EXPECT_EQ(reply.content_type, "application/problem+json") << shown;
    ASSERT_TRUE(reply.body.is_object()) << shown;
    EXPECT_EQ(reply.body.value("status", 0), reply.status) << shown;
    EXPECT_FALSE(reply.body.value("title", "").empty()) << shown;
  }
  EXPECT_EQ(count("orders"), rows);
}

TEST_F(Samples, AProblemDocumentNamesEveryFieldThatIsWrong) {
  const HttpReply reply =
      orders().call("POST", "/orders", R"({"customerId": "x", "quantity": -1, "price": 1})");
  EXPECT_THAT(reply.body.value("detail", ""),
              AllOf(HasSubstr("customerId must be a UUID"), HasSubstr("product must be a text"),
                    HasSubstr("quantity must be a whole number from 1"),
                    HasSubstr("\"price\" is not a field")));
}

TEST_F(Samples, OddPathsAndMethodsAreProblemDocumentsToo) {
  for (const char* path : {"/orders/x", "/orders/%00", "/orders/..%2Fusers", "/orders/'--",
                           "/customers/1", "/nothing", "/orders", "/orders/"}) {
    const HttpReply reply = orders().get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.content_type, "application/problem+json") << path;
  }
  EXPECT_EQ(orders().call("DELETE", "/orders/" + new_id()).status, 404);
  EXPECT_EQ(users().call("PATCH", "/users/x/email", R"({"email": "a@b"})").status, 404);
  EXPECT_EQ(users().call("POST", "/users", R"({"name": "no", "email": "no address"})").status, 400);
}

TEST_F(Samples, AnOrderThatIsPlacedWhileItsUsersEventIsHandledDoesNotStayPending) {
  const std::string user = new_id();
  const std::string id = new_id();
  Sql lock(world().postgres.dsn("order_db"));
  // It has looked for its customer in vain and is not committed yet.
  lock.run("begin; lock table outbox in share mode");
  std::jthread client([&] { orders().call("POST", "/orders", order_of(user, id)); });
  wait_until_the_event_is_being_written();
  const nlohmann::json late = {{"id", user}, {"name", "late"}, {"email", "late@example.org"}};
  ASSERT_EQ(users().call("POST", "/users", late.dump()).status, 201);
  wait_until("the event is handled",
             [&] { return count("customer", "id = '" + user + "'") == "1"; });
  lock.run("rollback");
  client.join();
  EXPECT_EQ(status_of(id), "confirmed");
  expect_all_agrees();
}

TEST_F(Samples, KilledBetweenItsStatementsTheOrderServiceLeavesNothing) {
  const std::string id = new_id();
  const std::string order = order_of(new_id(), id);
  Sql lock(world().postgres.dsn("order_db"));
  // The order's row is written, its event's is not.
  lock.run("begin; lock table outbox in share mode");
  std::jthread client([&] { orders().call("POST", "/orders", order); });
  wait_until_the_event_is_being_written();
  services().orders().kill_hard();
  client.join();
  lock.run("rollback");
  services().orders().start();
  EXPECT_EQ(count("orders", "id = '" + id + "'"), "0");
  EXPECT_EQ(orders().call("POST", "/orders", order).status, 201);
  expect_all_agrees();
}

TEST_F(Samples, KilledAfterTheCommitAndBeforeTheAnswerTheOrderIsThereOnce) {
  std::string id;
  std::string order;
  {
    const UnansweredCommits commits(world().postgres);
    // Until the server has taken the setting it answers.
    std::jthread client([&] {
      do {
        id = new_id();
        order = order_of(new_id(), id);
      } while (orders().call("POST", "/orders", order).is_success());
    });
    wait_until("the service waits for the answer to its commit", [] {
      return count("pg_stat_activity",
                   "datname = current_database() and wait_event = 'SyncRep' and pid in "
                   "(select pid from pg_locks where relation = 'outbox'::regclass)") == "1";
    });
    services().orders().kill_hard();
  }
  services().orders().start();
  wait_until("the order is visible", [&] { return count("orders", "id = '" + id + "'") == "1"; });
  EXPECT_EQ(orders().call("POST", "/orders", order).status, 200);
  EXPECT_EQ(count("outbox", "aggregateid = '" + id + "'"), "1");
  expect_all_agrees();
}

TEST_F(Samples, KillingTheOrderServiceTwentyTimesUnderLoadLosesAndInventsNothing) {
  ServiceLoad load(services(), {.events = 1'000'000, .clients = 4});
  for (int kills = 0; kills < 20; ++kills) {
    const std::uint64_t before = load.accepted();
    wait_until("requests are accepted", [&] { return load.accepted() > before + 50; });
    services().orders().kill_hard();
    services().orders().start();
  }
  load.stop();
  expect_accepted_orders_are_there(load.accepted_orders());
  expect_all_agrees();
}

TEST_F(Samples, KillingTheRelayUnderLoadLosesAndRepeatsNothing) {
  ServiceLoad load(services(), {.events = 1'000'000, .clients = 4});
  for (int kills = 0; kills < 5; ++kills) {
    const std::uint64_t before = load.accepted();
    wait_until("requests are accepted", [&] { return load.accepted() > before + 200; });
    services().relay().kill_hard();
    services().relay().start();
  }
  load.stop();
  expect_accepted_orders_are_there(load.accepted_orders());
  expect_all_agrees();
}

TEST_F(Samples, KillingPostgresUnderLoadLosesNothingThatWasAccepted) {
  ServiceLoad load(services(), {.events = 1'000'000, .clients = 4});
  const std::uint64_t before = load.accepted();
  wait_until("requests are accepted", [&] { return load.accepted() > before + 200; });
  world().postgres.kill_hard();
  world().postgres.start();
  const std::uint64_t after = load.accepted();
  wait_until("requests are accepted again", [&] { return load.accepted() > after + 200; });
  load.stop();
  expect_accepted_orders_are_there(load.accepted_orders());
  expect_all_agrees();
}

TEST_F(Samples, OrdersAreAcceptedForAMinuteWithoutABrokerAndTheirEventsFollow) {
  ServiceLoad load(services(), {.events = 1'000'000, .clients = 4, .events_per_second = 100});
  const std::uint64_t before = load.accepted();
  wait_until("requests are accepted", [&] { return load.accepted() > before + 100; });
  world().kafka.kill_hard();
  const std::uint64_t without_broker = load.accepted();
  const auto minute_is_over = std::chrono::steady_clock::now() + 60s;
  wait_until("the minute is over", [&] {
    EXPECT_EQ(orders().get("/readyz").status, 200);
    return std::chrono::steady_clock::now() > minute_is_over;
  });
  EXPECT_GT(load.accepted(), without_broker + 1000);
  world().kafka.start();
  load.stop();
  expect_accepted_orders_are_there(load.accepted_orders());
  expect_all_agrees();
}

TEST_F(Samples, ServicesThatAreAskedToEndFinishInOrder) {
  EXPECT_EQ(services().users().stop(), 0);
  EXPECT_EQ(services().orders().stop(), 0);
  services().users().start();
  services().orders().start();
  expect_all_agrees();
}

TEST_F(Samples, WithoutItsConfigurationAServiceSaysWhatIsMissing) {
  const std::filesystem::path log = world().folder.path() / "missing.log";
  for (const std::filesystem::path& program :
       {services().users().program(), services().orders().program()}) {
    Process process({.command = {program.string()}, .log = log});
    EXPECT_EQ(process.wait(10s), 78);
    EXPECT_THAT(run({"cat", log.string()}), HasSubstr("DATABASE_URL is not set"));
    EXPECT_THAT(run({program.string(), "--help"}), HasSubstr("DATABASE_URL"));
    std::filesystem::remove(log);
  }
}

}  // namespace
}  // namespace outrider::testing
