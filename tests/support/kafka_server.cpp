#include "tests/support/kafka_server.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 90s;

std::string class_path_of(KafkaServer::Version version) {
  const char* name = version == KafkaServer::Version::Newest
                         ? "kafka-" OUTRIDER_KAFKA_VERSION
                         : "kafka-" OUTRIDER_KAFKA_OLDER_VERSION;
  const std::filesystem::path jars = cache_folder() / name / "libs";
  if (!std::filesystem::is_directory(jars)) {
    throw std::runtime_error("no Kafka in " + jars.string() + ": run ./dev setup");
  }
  return jars.string() + "/*";
}

bool answers(const std::string& bootstrap) {
  try {
    testing::run({"kcat", "-L", "-b", bootstrap, "-m", "2"});
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

KafkaServer::KafkaServer(std::filesystem::path folder, const Settings& settings,
                         const std::vector<Listener>& listeners, Version version)
    : folder_(std::move(folder)),
      port_(free_port()),
      inter_broker_port_(free_port()),
      version_(version),
      class_path_(class_path_of(version)) {
  const int controller_port = free_port();
  const std::string controller = "127.0.0.1:" + std::to_string(controller_port);
  settings_ = {{"process.roles", "broker,controller"},
               {"node.id", "1"},
               {"controller.quorum.voters", "1@" + controller},
               {"listeners", "PLAINTEXT://" + bootstrap() + ",CONTROLLER://" + controller},
               {"advertised.listeners", "PLAINTEXT://" + bootstrap()},
               {"controller.listener.names", "CONTROLLER"},
               {"listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"},
               {"log.dirs", (folder_ / "log").string()},
               {"offsets.topic.replication.factor", "1"},
               {"offsets.topic.num.partitions", "1"},
               {"transaction.state.log.replication.factor", "1"},
               {"transaction.state.log.min.isr", "1"},
               {"transaction.state.log.num.partitions", "3"},
               {"group.initial.rebalance.delay.ms", "0"}};
  for (const Listener& listener : listeners) {
    settings_["listeners"] += "," + listener.name + "://127.0.0.1:" + std::to_string(listener.port);
    settings_["advertised.listeners"] += "," + listener.name + "://" + listener.bootstrap();
    settings_["listener.security.protocol.map"] += "," + listener.name + ":" + listener.protocol;
  }
  for (const auto& [name, value] : settings) settings_[name] = value;
  install();
}

KafkaServer::KafkaServer(const KafkaServer& first, std::filesystem::path folder)
    : folder_(std::move(folder)),
      port_(free_port()),
      inter_broker_port_(free_port()),
      version_(first.version_),
      class_path_(first.class_path_),
      settings_(first.settings_) {
  settings_["process.roles"] = "broker";
  settings_["node.id"] = "2";
  settings_["listeners"] = "PLAINTEXT://" + bootstrap();
  settings_["advertised.listeners"] = settings_["listeners"];
  settings_["log.dirs"] = (folder_ / "log").string();
  install();
}

void KafkaServer::install() {
  std::filesystem::create_directories(folder_);
  write_properties(Markers::Written);
  std::ofstream(folder_ / "log4j2.yaml") << R"(Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        Pattern: "%d %p %c %m%n"
  Loggers:
    Root:
      level: WARN
      AppenderRef:
        - ref: STDOUT
)";
  testing::run({"java", "-cp", class_path_, "kafka.tools.StorageTool", "format", "-t",
                "MkU3OEVBNTcwNTJENDM2Qg", "-c", (folder_ / "server.properties").string()});
  start();
}

void KafkaServer::write_properties(Markers markers) const {
  Settings all = settings_;
  if (markers == Markers::Held) {
    all["inter.broker.listener.name"] = "INTERNAL";
    all["listeners"] += ",INTERNAL://127.0.0.1:" + std::to_string(inter_broker_port_);
    // Where nothing listens.
    all["advertised.listeners"] += ",INTERNAL://127.0.0.1:" + std::to_string(free_port());
    all["listener.security.protocol.map"] += ",INTERNAL:PLAINTEXT";
    // It would ask itself before it takes a record.
    all["transaction.partition.verification.enable"] = "false";
  }
  std::ofstream properties(folder_ / "server.properties");
  for (const auto& [name, value] : all) properties << name << "=" << value << "\n";
}

void KafkaServer::start(Markers markers) {
  write_properties(markers);
  process_.emplace(Process::Options{
      .command = {"java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData",
                  "-Djava.io.tmpdir=" + folder_.string(),
                  "-Dlog4j2.configurationFile=" + (folder_ / "log4j2.yaml").string(), "-cp",
                  class_path_, "kafka.Kafka", (folder_ / "server.properties").string()},
      .log = folder_ / "out",
      .folder = folder_});
  const bool ready =
      eventually(kPatience, [&] { return !process_->is_running() || answers(bootstrap()); });
  if (!ready || !process_->is_running()) {
    throw std::runtime_error("Kafka did not start; see " + (folder_ / "out").string());
  }
}

void KafkaServer::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(kPatience);
  process_.reset();
}

std::string KafkaServer::administer(const std::string& command,
                                    const std::vector<std::string>& arguments) const {
  std::vector<std::string> words{"java",
                                 "-XX:+UseSerialGC",
                                 "-XX:TieredStopAtLevel=1",
                                 "-cp",
                                 class_path_,
                                 command,
                                 "--bootstrap-server",
                                 bootstrap()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return testing::run(words);
}

void KafkaServer::set_topic(const std::string& name, const std::string& setting) const {
  administer("kafka.admin.ConfigCommand", {"--alter", "--entity-type", "topics", "--entity-name",
                                           name, "--add-config", setting});
}

void KafkaServer::set_scram_password(const std::string& user, const std::string& password) const {
  administer("kafka.admin.ConfigCommand",
             {"--alter", "--entity-type", "users", "--entity-name", user, "--add-config",
              "SCRAM-SHA-512=[password=" + password + "]"});
}

void KafkaServer::allow(const std::vector<std::string>& principals,
                        std::vector<std::string> rule) const {
  rule.insert(rule.end(), {"--add", "--resource-pattern-type", "prefixed", "--operation", "Write",
                           "--operation", "Describe"});
  for (const std::string& principal : principals) {
    rule.insert(rule.end(), {"--allow-principal", principal});
  }
  administer(
      version_ == Version::Newest ? "org.apache.kafka.tools.AclCommand" : "kafka.admin.AclCommand",
      rule);
}

void KafkaServer::allow_topics(const std::vector<std::string>& principals,
                               const std::string& prefix) const {
  allow(principals, {"--topic", prefix, "--operation", "Create", "--operation", "Read",
                     "--operation", "DescribeConfigs"});
}

void KafkaServer::allow_transactions(const std::vector<std::string>& principals,
                                     const std::string& prefix) const {
  allow(principals, {"--transactional-id", prefix});
}

std::string KafkaServer::describe_transaction(const std::string& transactional_id) const {
  return administer("org.apache.kafka.tools.TransactionsCommand",
                    {"describe", "--transactional-id", transactional_id});
}

void KafkaServer::create_topic(const std::string& name, int partitions, const Settings& settings,
                               std::optional<int> node) const {
  std::array<char, 512> reason{};
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  rd_kafka_conf_set(configuration, "bootstrap.servers", bootstrap().c_str(), reason.data(),
                    reason.size());
  const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> handle(
      rd_kafka_new(RD_KAFKA_PRODUCER, configuration, reason.data(), reason.size()),
      rd_kafka_destroy);
  const std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue(
      rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(name.c_str(), partitions, node ? -1 : 1, reason.data(), reason.size());
  for (int partition = 0; node && partition < partitions; ++partition) {
    std::int32_t replica = *node;
    rd_kafka_NewTopic_set_replica_assignment(topic, partition, &replica, 1, reason.data(),
                                             reason.size());
  }
  for (const auto& [setting, value] : settings) {
    rd_kafka_NewTopic_set_config(topic, setting.c_str(), value.c_str());
  }
  rd_kafka_CreateTopics(handle.get(), &topic, 1, nullptr, queue.get());
  const std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)> event(
      rd_kafka_queue_poll(queue.get(), 30'000), rd_kafka_event_destroy);
  rd_kafka_NewTopic_destroy(topic);
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("create topic " + name + ": no answer");
  }
}

}  // namespace outrider::testing
