// A small world per test: databases of its own on shared real servers, and the relay as users run
// it, under a role that has only LOGIN and REPLICATION. Used by the integration tests.
#pragma once

#include "tests/support/kafka_consumer.h"
#include "tests/support/kafka_server.h"
#include "tests/support/outbox_load.h"
#include "tests/support/postgres_server.h"
#include "tests/support/relay_process.h"
#include "tests/support/sql.h"
#include "tests/support/temporary_folder.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrider::testing {

enum class Payload { Jsonb, Text };

struct Usage {
  double cpu_seconds = 0;
  std::size_t peak_rss_bytes = 0;
  std::size_t log_lines = 0;
};

/// What a test says of its pipelines before setup().
struct WorldOptions {
  std::string delivery = "exactly_once";
  bool create_topics = true;
  std::string null_payload = "halt";
  std::string bad_event = "halt";
  std::vector<std::string> tables = {"public.outbox"};
  /// After the connection string of the relay, whose earlier parts it overrides.
  std::string dsn = {};
  std::string bootstrap_servers = {};  ///< Empty: the real ones.
  /// More keys of the pipeline and of its sections, as "key: value".
  std::vector<std::string> pipeline = {};
  std::vector<std::string> source = {};
  std::vector<std::string> outbox = {};
  std::vector<std::string> sink = {};
};

/// Another relay with the same configuration and a port of its own.
class Replica {
 public:
  Replica(const std::filesystem::path& folder, const std::string& name,
          const std::string& pipelines);
  std::string state() const;
  void wait_state(const std::string& state);

 private:
  std::unique_ptr<RelayProcess> relay_;
};

/// Reads a slot with pg_recvlogical until stop().
class ForeignReader {
 public:
  explicit ForeignReader(Process process) : process_(std::move(process)) {}
  void stop();

 private:
  Process process_;
};

/// One command of the program that goes on until it is stopped.
class RunningCommand {
 public:
  RunningCommand(Process process, std::filesystem::path output)
      : process_(std::move(process)), output_(std::move(output)) {}
  Process& process() { return process_; }
  /// Both outputs so far.
  std::string said() const;
  void wait_said(const std::string& part) const;

 private:
  Process process_;
  std::filesystem::path output_;
};

class World {
 public:
  /// On the servers that all tests of the program share.
  World();
  /// On a Postgres of its own, which may be stopped, killed and restored.
  struct OwnPostgres {
    PostgresServer::Settings settings = {};
    std::string version = "15";
  };
  explicit World(const OwnPostgres& own);
  ~World();
  World(World&&) noexcept;

  WorldOptions& options() { return options_; }
  void use_identity_of(const World& other) { identity_ = other.identity(); }
  /// A second pipeline of the same relay, on a database of its own.
  void add_pipeline(const std::string& name);

  std::string aggregate() const { return "agg" + number_; }
  std::string topic() const { return "outbox.event." + aggregate(); }
  std::string slot() const { return "outrider_main" + number_; }
  std::string publication() const { return slot(); }
  std::string identity() const;

  // The database.
  /// Drops it and creates it with these options of CREATE DATABASE; before setup().
  void make_database_anew(const std::string& options) const;
  std::string owner_dsn() const { return dsn(); }
  void sql(const std::string& statements) const { Sql(dsn()).run(statements); }
  std::string sql_value(const std::string& query) const { return Sql(dsn()).value(query); }
  std::string create_table(Payload payload) const;
  std::string insert(const std::string& key, const std::string& payload) const;
  void emit(int events) const;
  void emit_in(const std::string& pipeline, int events) const;
  std::string confirmed_flush() const;
  /// Clients that commit events until the load is stopped.
  std::unique_ptr<OutboxLoad> load() const;
  ForeignReader read_slot_elsewhere() const;
  /// The server removes log that the slot needs.
  void lose_slot() const;

  // The relay.
  /// Writes the configuration; setup() does it too.
  void configure();
  /// Runs `outrider setup` for every pipeline.
  void setup(Payload payload = Payload::Jsonb);
  void start();
  void stop();
  void kill_relay();
  void pause_relay();
  void resume_relay();
  /// Another relay of the same pipelines, once the first is their leader.
  Replica start_replica();
  /// Runs the program with the words and the relay's configuration: what it printed, or with which
  /// code and words it ended.
  std::string command(const std::vector<std::string>& words) const;
  int relay_port() const { return relay().port(); }
  std::filesystem::path configuration() const { return relay().configuration(); }
  /// What /status says now of the pipeline `main`.
  std::optional<PipelineReport> report() const { return relay().report("main"); }
  /// The same, without waiting for its end.
  RunningCommand start_command(std::vector<std::string> words) const;
  bool is_live() const;
  bool is_ready() const;
  double metric(const std::string& name, const std::string& label = {}) const;
  Usage relay_usage() const;
  std::string relay_log() const { return relay().log(); }
  PipelineReport wait_state(const std::string& state) const;
  PipelineReport wait_reason(const std::string& part) const;
  void wait_published(std::uint64_t events) const;
  /// Until some more events were published than at the last call.
  void wait_published_more();
  void wait_until(const std::string& what, const std::function<bool()>& condition) const;
  void observe_for(std::chrono::milliseconds time) const;

  // The servers.
  void kill_broker() const;
  void create_topic(int partitions) const;
  void set_topic(const std::string& setting) const;
  void start_broker(KafkaServer::Markers markers = KafkaServer::Markers::Written) const;
  PostgresServer& postgres() const;
  KafkaServer& kafka() const;

  // What consumers see.
  bool has_checkpoint_topic() const;
  std::vector<Delivered> delivered() const;
  std::vector<Delivered> dead_letters() const;
  std::vector<Delivered> wait_delivered(std::size_t events) const;
  void wait_delivered_in(const std::string& pipeline, std::size_t events) const;
  void expect_exactly_what_was_committed() const;
  void expect_at_least_what_was_committed() const;
  /// All rows of a transaction are there or none.
  void expect_no_torn_transaction() const;

 private:
  struct Pipeline {
    std::string name;
    std::string database;
  };
  World(std::shared_ptr<PostgresServer> postgres);
  std::string dsn(const std::string& user = "postgres") const;
  std::string pipelines_yaml() const;
  std::string pipeline_yaml(const Pipeline& pipeline) const;
  RelayProcess& relay() const;
  std::string dead_letter_topic() const { return "dead-letter." + aggregate(); }
  [[noreturn]] void give_up(const std::string& waited_for) const;

  std::string number_;
  WorldOptions options_;
  std::optional<std::string> identity_;
  std::shared_ptr<PostgresServer> postgres_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::vector<Pipeline> pipelines_;
  std::unique_ptr<RelayProcess> relay_;
  std::uint64_t published_ = 0;
  int replicas_ = 0;
};

}  // namespace outrider::testing
