// A real Kafka broker in a folder of its own; used by tests and lab.
#pragma once

#include "tests/support/process.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outrider::testing {

/// One KRaft node on a free port of 127.0.0.1: number 1, broker and controller, or number 2, a
/// broker beside it. The jars are those that `./dev setup` fetched.
class KafkaServer {
 public:
  using Settings = std::map<std::string, std::string>;

  /// Besides the one without security that bootstrap() names.
  struct Listener {
    std::string name;      ///< Of the settings that begin with listener.name.
    std::string protocol;  ///< SSL, SASL_SSL, …
    int port = free_port();

    std::string bootstrap() const { return "localhost:" + std::to_string(port); }
  };

  /// Newest: what all tests run on. Older: of the series before.
  enum class Version { Newest, Older };

  explicit KafkaServer(std::filesystem::path folder, const Settings& settings = {},
                       const std::vector<Listener>& listeners = {},
                       Version version = Version::Newest);

  /// Number 2 of the cluster of `first`.
  KafkaServer(const KafkaServer& first, std::filesystem::path folder);

  /// Held: the broker reaches no broker to write the markers that end transactions, so that
  /// commits are acknowledged and nobody sees them.
  enum class Markers { Written, Held };

  void start(Markers markers = Markers::Written);
  void kill_hard();
  std::string bootstrap() const { return "127.0.0.1:" + std::to_string(port_); }
  /// `node`: the one that gets all partitions.
  void create_topic(const std::string& name, int partitions, const Settings& settings = {},
                    std::optional<int> node = {}) const;
  /// `setting`: as "max.message.bytes=1000".
  void set_topic(const std::string& name, const std::string& setting) const;
  /// Makes a user for SCRAM-SHA-512, or changes its password.
  void set_scram_password(const std::string& user, const std::string& password) const;
  /// Lets the principals use the topics that begin with `prefix` as a relay does; for brokers with
  /// an authorizer.
  void allow_topics(const std::vector<std::string>& principals, const std::string& prefix) const;
  void allow_transactions(const std::vector<std::string>& principals,
                          const std::string& prefix) const;
  /// What kafka-transactions.sh says of its last transaction, "CompleteCommit" for example.
  std::string describe_transaction(const std::string& transactional_id) const;

 private:
  void install();
  void write_properties(Markers markers) const;
  std::string administer(const std::string& command,
                         const std::vector<std::string>& arguments) const;
  void allow(const std::vector<std::string>& principals, std::vector<std::string> rule) const;

  std::filesystem::path folder_;
  int port_;
  int inter_broker_port_;
  Version version_;
  std::string class_path_;
  Settings settings_;
  std::optional<Process> process_;
};

}  // namespace outrider::testing
