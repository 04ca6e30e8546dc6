// The Postgres source in its conformance suite, made by the registry, on a real server.
#include "connectors/registry/registry.h"
#include "tests/conformance/source_driver.h"
#include "tests/conformance/source_suite.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/sql.h"
#include "tests/support/temporary_folder.h"

#include <nlohmann/json.hpp>

namespace outrider::conformance {
namespace {

using testing::PostgresServer;
using testing::Sql;
using testing::TemporaryFolder;

/// Started by the first test, stopped when the program ends.
PostgresServer& server() {
  static const TemporaryFolder folder;
  static PostgresServer shared(folder.path() / "postgres");
  return shared;
}

class SecondInstance final : public OtherOwner {
 public:
  explicit SecondInstance(const SourceOptions& options) : source_(make_source(options)) {
    SourceDriver(*source_).begin();
  }
  ~SecondInstance() override { source_->release(); }
  SecondInstance(const SecondInstance&) = delete;
  SecondInstance& operator=(const SecondInstance&) = delete;

 private:
  std::unique_ptr<Source> source_;
};

class PostgresSourceUnderTest final : public SourceUnderTest {
 public:
  PostgresSourceUnderTest() {
    server().create_database(name_);
    sql("create table outbox (id bigserial primary key, payload text)");
    sql("create table others (id bigserial primary key)");
    sql("create publication " + name_ + " for table outbox with (publish = 'insert')");
    sql("select pg_create_logical_replication_slot('" + name_ + "', 'pgoutput')");
    source_ = make_source(options_ = {.dsn = server().dsn(name_, "relay"),
                                      .password = {},
                                      .password_file = {},
                                      .slot = name_,
                                      .publication = name_,
                                      .message_prefix = {}});
  }
  ~PostgresSourceUnderTest() override {
    source_->release();
    // The slot would keep the log of all tests; the server lets it go when its reader is gone.
    testing::eventually(std::chrono::seconds(10), [&] {
      try {
        sql("select pg_drop_replication_slot('" + name_ + "')");
        return true;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
  }
  PostgresSourceUnderTest(const PostgresSourceUnderTest&) = delete;
  PostgresSourceUnderTest& operator=(const PostgresSourceUnderTest&) = delete;

  Source& source() override { return *source_; }

  void commit(const std::vector<std::string>& payloads) override {
    std::string statements = "begin;";
    for (const std::string& payload : payloads) {
      statements += "insert into outbox (payload) values ('" + payload + "');";
    }
    sql(statements + "commit");
  }

  std::unique_ptr<OtherOwner> let_another_own() override {
    return std::make_unique<SecondInstance>(options_);
  }
  void break_stream() override {
    sql("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '" +
        name_ + "'");
  }
  void lose_server() override {
    server().kill_hard();
    server().start();
  }
  bool has_others_in_log() const override { return true; }
  void write_for_others() override { sql("insert into others default values"); }

  std::vector<Position> foreign_positions() override {
    SourceDriver driver(*source_);
    driver.acquire();
    const Position own = value_of(driver.plan({})).from;
    const PositionFormat& format = source_->position_format();
    std::vector<Position> positions;
    for (const auto& [key, value] : {std::pair{"system_id", "1"}, std::pair{"database", "other"},
                                     std::pair{"slot", "other"}}) {
      auto json = nlohmann::json::parse(format.to_json(own));
      json[key] = value;
      positions.push_back(value_of(format.from_json(json.dump())));
    }
    return positions;
  }

 private:
  static std::string next_name() {
    static int number = 0;
    return "conformance" + std::to_string(++number);
  }
  void sql(const std::string& statements) const { Sql(server().dsn(name_)).run(statements); }

  const std::string name_ = next_name();
  postgres::Options options_;
  std::unique_ptr<Source> source_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, SourceConformance,
                         ::testing::Values(SourceCase{
                             .name = "Source",
                             .make = [] { return std::make_unique<PostgresSourceUnderTest>(); }}),
                         name_of<SourceUnderTest>);

}  // namespace
}  // namespace outrider::conformance
