#include "tests/integration/world.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 90s;
constexpr std::uint64_t kUntilStopped = UINT64_MAX;
constexpr double kLoadPerSecond = 2000;

/// Started by the first test that needs them, stopped when the program ends.
struct Servers {
  TemporaryFolder folder;
  std::shared_ptr<PostgresServer> postgres =
      std::make_shared<PostgresServer>(folder.path() / "postgres");
  KafkaServer kafka{folder.path() / "kafka"};
};

Servers& servers() {
  static Servers shared;
  return shared;
}

int next_number() {
  static int number = 0;
  return ++number;
}

std::string more(const std::vector<std::string>& keys) {
  std::string yaml;
  for (const std::string& key : keys) yaml += ", " + key;
  return yaml;
}

}  // namespace

Replica::Replica(const std::filesystem::path& folder, const std::string& name,
                 const std::string& pipelines)
    : relay_(std::make_unique<RelayProcess>(
          RelayProcess::Options{.folder = folder, .name = name, .pipelines = pipelines})) {
  relay_->start();
}

std::string Replica::state() const {
  return relay_->report("main").value_or(PipelineReport{}).state;
}

void Replica::wait_state(const std::string& state_wanted) {
  if (!eventually(kPatience, [&] { return state() == state_wanted; })) {
    throw std::runtime_error("a replica never was " + state_wanted + ":\n" + relay_->log());
  }
}

std::string RunningCommand::said() const {
  std::ifstream file(output_);
  return {std::istreambuf_iterator<char>(file), {}};
}

void RunningCommand::wait_said(const std::string& part) const {
  if (!eventually(kPatience, [&] { return said().find(part) != std::string::npos; })) {
    throw std::runtime_error("a command never said \"" + part + "\":\n" + said());
  }
}

void ForeignReader::stop() {
  process_.signal(SIGTERM);
  process_.wait(10s);
}

World::World() : World(servers().postgres) {}

World::World(const OwnPostgres& own)
    : World(std::make_shared<PostgresServer>(
          servers().folder.path() / ("postgres" + std::to_string(next_number())), own.settings,
          own.version)) {}

World::World(std::shared_ptr<PostgresServer> postgres)
    : number_(std::to_string(next_number())),
      postgres_(std::move(postgres)),
      folder_(std::make_unique<TemporaryFolder>()) {
  add_pipeline("main");
}

World::~World() = default;
World::World(World&&) noexcept = default;

void World::add_pipeline(const std::string& name) {
  pipelines_.push_back({.name = name, .database = "shop_" + name + number_});
  postgres_->create_database(pipelines_.back().database);
}

void World::make_database_anew(const std::string& options) const {
  Sql sql(postgres_->dsn("postgres"));
  sql.run("drop database " + pipelines_[0].database);
  sql.run("create database " + pipelines_[0].database + " " + options);
}

std::string World::identity() const {
  return identity_.value_or("outrider." + pipelines_[0].database + "." + slot());
}

std::string World::dsn(const std::string& user) const {
  return postgres_->dsn(pipelines_[0].database, user);
}

std::string World::create_table(Payload payload) const {
  return std::string(
             "create table outbox (id uuid primary key default gen_random_uuid(), aggregatetype "
             "text not null, aggregateid text not null, type text not null, payload ") +
         (payload == Payload::Jsonb ? "jsonb" : "text") + ")";
}

std::string World::insert(const std::string& key, const std::string& payload) const {
  return "insert into outbox (id, aggregatetype, aggregateid, type, payload) values "
         "(gen_random_uuid(), '" +
         aggregate() + "', " + key + ", 'created', " + payload + "); ";
}

void World::emit(int events) const { emit_in("main", events); }

void World::emit_in(const std::string& pipeline, int events) const {
  for (const Pipeline& each : pipelines_) {
    if (each.name != pipeline) continue;
    Sql sql(postgres_->dsn(each.database));
    for (int i = 0; i < events; ++i) {
      sql.run(
          "insert into outbox (id, aggregatetype, aggregateid, type, payload) values "
          "(gen_random_uuid(), '" +
          aggregate() + (pipeline == "main" ? "" : pipeline) + "', 'k', 'created', '{}')");
    }
  }
}

std::string World::confirmed_flush() const {
  return sql_value("select confirmed_flush_lsn from pg_replication_slots where slot_name = '" +
                   slot() + "'");
}

std::unique_ptr<OutboxLoad> World::load() const {
  servers().kafka.create_topic(topic(), 3);
  return std::make_unique<OutboxLoad>(OutboxLoad::Options{.dsn = dsn(),
                                                          .aggregatetype = aggregate(),
                                                          .events = kUntilStopped,
                                                          .events_per_second = kLoadPerSecond});
}

ForeignReader World::read_slot_elsewhere() const {
  Process process(
      {.command = {"/usr/lib/postgresql/15/bin/pg_recvlogical", "-d", dsn(), "-S", slot(),
                   "--start", "-o", "proto_version=1", "-o", "publication_names=" + publication(),
                   "-f", "/dev/null", "-F", "0", "-s", "0", "-n"},
       .log = folder_->path() / "recvlogical.log"});
  wait_until("the other client reads the slot", [&] {
    return sql_value("select active from pg_replication_slots where slot_name = '" + slot() +
                     "'") == "t";
  });
  return ForeignReader(std::move(process));
}

void World::lose_slot() const {
  postgres_->set("max_slot_wal_keep_size", "1MB");
  wait_until("the slot is lost", [&] {
    // A checkpoint removes the segments that are over.
    sql("create table filling (); drop table filling; select pg_switch_wal()");
    sql("checkpoint");
    return sql_value("select wal_status from pg_replication_slots where slot_name = '" + slot() +
                     "'") == "lost";
  });
  postgres_->set("max_slot_wal_keep_size", std::nullopt);
}

std::string World::pipeline_yaml(const Pipeline& pipeline) const {
  std::string tables;
  for (const std::string& table : options_.tables) {
    tables += (tables.empty() ? "'" : ", '") + table + "'";
  }
  const std::string name =
      pipeline.name == "main" ? "outrider_main" + number_ : "outrider_" + pipeline.name + number_;
  std::string yaml = "  " + pipeline.name + ":\n    delivery: " + options_.delivery +
                     "\n    bad_event: " + options_.bad_event +
                     "\n    dead_letter_topic: " + dead_letter_topic() + "\n";
  for (const std::string& key : options_.pipeline) yaml += "    " + key + "\n";
  if (identity_ && pipeline.name == "main") yaml += "    identity: " + *identity_ + "\n";
  return yaml + "    source: { postgres: { dsn: \"" + postgres_->dsn(pipeline.database, "relay") +
         options_.dsn + "\", slot: " + name + ", publication: " + name + ", tables: [" + tables +
         "]" + more(options_.source) +
         " } }\n    outbox: { null_payload: " + options_.null_payload + more(options_.outbox) +
         " }\n    sink: { kafka: { bootstrap_servers: \"" +
         (options_.bootstrap_servers.empty() ? servers().kafka.bootstrap()
                                             : options_.bootstrap_servers) +
         "\", topics: { create: " + (options_.create_topics ? "true" : "false") + " }" +
         more(options_.sink) + " } }\n";
}

std::string World::pipelines_yaml() const {
  std::string yaml;
  for (const Pipeline& pipeline : pipelines_) yaml += pipeline_yaml(pipeline);
  return yaml;
}

void World::configure() {
  relay_ = std::make_unique<RelayProcess>(
      RelayProcess::Options{.folder = folder_->path(), .pipelines = pipelines_yaml()});
}

void World::setup(Payload payload) {
  configure();
  if (payload == Payload::Text) sql(create_table(payload));
  for (const Pipeline& pipeline : pipelines_) {
    relay_->command({"setup", "--pipeline", pipeline.name, "--dsn",
                     postgres_->dsn(pipeline.database), "--role", "relay"});
  }
}

RelayProcess& World::relay() const {
  if (!relay_) throw std::logic_error("call setup() first");
  return *relay_;
}

void World::start() { relay().start(); }

void World::stop() {
  EXPECT_EQ(relay().stop(), 0) << relay().log();
  wait_until("the server has noticed that the relay is gone", [&] {
    return sql_value("select active from pg_replication_slots where slot_name = '" + slot() +
                     "'") != "t";
  });
}

void World::kill_relay() { relay().kill_hard(); }

void World::pause_relay() { relay().process().signal(SIGSTOP); }

void World::resume_relay() { relay().process().signal(SIGCONT); }

Replica World::start_replica() {
  wait_state("streaming");
  return Replica(folder_->path(), "replica" + std::to_string(++replicas_), pipelines_yaml());
}

std::string World::command(const std::vector<std::string>& words) const {
  try {
    return relay().command(words);
  } catch (const std::runtime_error& failed) {
    return failed.what();
  }
}

RunningCommand World::start_command(std::vector<std::string> words) const {
  words.insert(words.begin(), OUTRIDER_BINARY);
  words.insert(words.end(), {"-c", relay().configuration().string()});
  const std::filesystem::path output = folder_->path() / (words[1] + ".out");
  std::filesystem::remove(output);
  return RunningCommand(Process({.command = words, .log = output}), output);
}

bool World::is_live() const { return relay().is_live(); }

bool World::is_ready() const { return relay().is_ready(); }

double World::metric(const std::string& name, const std::string& label) const {
  return relay().metric(name, "main", label);
}

Usage World::relay_usage() const {
  const ProcessFigures figures = relay().process().figures();
  return {.cpu_seconds = figures.cpu_seconds,
          .peak_rss_bytes = figures.peak_rss_bytes,
          .log_lines = relay().log_lines()};
}

void World::give_up(const std::string& waited_for) const {
  throw std::runtime_error("waited in vain until " + waited_for + "; the relay's log:\n" +
                           (relay_ ? relay_->log() : std::string("(none)")));
}

void World::wait_until(const std::string& what, const std::function<bool()>& condition) const {
  if (!eventually(kPatience, condition)) give_up(what);
}

PipelineReport World::wait_state(const std::string& state) const {
  PipelineReport report;
  wait_until("the pipeline is " + state, [&] {
    report = relay().report("main").value_or(PipelineReport{});
    return report.state == state;
  });
  return report;
}

PipelineReport World::wait_reason(const std::string& part) const {
  PipelineReport report;
  wait_until("the pipeline says \"" + part + "\"", [&] {
    report = relay().report("main").value_or(PipelineReport{});
    return report.reason.find(part) != std::string::npos;
  });
  return report;
}

void World::wait_published(std::uint64_t events) const {
  wait_until(std::to_string(events) + " events are published", [&] {
    return metric("outrider_events_published_total") >= static_cast<double>(events);
  });
}

void World::wait_published_more() {
  // 0 while no relay answers.
  const double before = std::max(0.0, metric("outrider_events_published_total"));
  wait_until("more events are published",
             [&] { return metric("outrider_events_published_total") > before; });
}

void World::observe_for(std::chrono::milliseconds time) const {
  // The time itself is what is measured.
  std::this_thread::sleep_for(time);
}

void World::kill_broker() const { servers().kafka.kill_hard(); }

void World::create_topic(int partitions) const {
  servers().kafka.create_topic(topic(), partitions);
}

void World::set_topic(const std::string& setting) const {
  servers().kafka.set_topic(topic(), setting);
}

void World::start_broker(KafkaServer::Markers markers) const { servers().kafka.start(markers); }

PostgresServer& World::postgres() const { return *postgres_; }

KafkaServer& World::kafka() const { return servers().kafka; }

std::vector<Delivered> World::dead_letters() const {
  return read_topic(servers().kafka.bootstrap(), dead_letter_topic());
}

bool World::has_checkpoint_topic() const {
  return run({"kcat", "-b", servers().kafka.bootstrap(), "-L"}).find("\"" + identity() + "\"") !=
         std::string::npos;
}

std::vector<Delivered> World::delivered() const {
  return read_topic(servers().kafka.bootstrap(), topic());
}

std::vector<Delivered> World::wait_delivered(std::size_t events) const {
  std::vector<Delivered> found;
  wait_until(std::to_string(events) + " events are delivered", [&] {
    found = delivered();
    return found.size() >= events;
  });
  EXPECT_EQ(found.size(), events);
  return found;
}

void World::wait_delivered_in(const std::string& pipeline, std::size_t events) const {
  wait_until(std::to_string(events) + " events are delivered by " + pipeline, [&] {
    return read_topic(servers().kafka.bootstrap(), topic() + pipeline).size() >= events;
  });
}

void World::expect_exactly_what_was_committed() const {
  Verdict verdict;
  eventually(kPatience, [&] {
    verdict = judge(dsn(), aggregate(), delivered());
    return verdict.is_exact();
  });
  EXPECT_TRUE(verdict.is_exact()) << verdict.text() << "\n" << relay().log();
  EXPECT_GT(verdict.committed, 0U);
}

void World::expect_at_least_what_was_committed() const {
  Verdict verdict;
  eventually(kPatience, [&] {
    verdict = judge(dsn(), aggregate(), delivered());
    return verdict.lost == 0 && verdict.torn == 0;
  });
  EXPECT_EQ(verdict.lost, 0U) << verdict.text();
  EXPECT_EQ(verdict.out_of_order, 0U) << verdict.text();
  EXPECT_EQ(verdict.never_committed, 0U) << verdict.text();
}

void World::expect_no_torn_transaction() const {
  std::uint64_t torn = 0;
  // The commit markers of one transaction reach its partitions one after the other.
  eventually(10s, [&] { return (torn = count_torn(delivered())) == 0; });
  EXPECT_EQ(torn, 0U);
}

}  // namespace outrider::testing
