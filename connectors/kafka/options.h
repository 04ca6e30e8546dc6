// What the Kafka sink can be told; filled by config/, read by the sink and its client.
#pragma once

#include "connectors/position.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace outrider::kafka {

/// What to do when a topic has got more partitions: keys then go elsewhere than before.
enum class OnPartitionChange { Warn, Halt };

/// TLS to the brokers; their names are always verified.
struct Tls {
  std::string ca_file = {};  ///< Empty: the system's authorities.
  std::string certificate_file = {};
  std::string key_file = {};
  std::string key_password_file = {};
};

enum class SaslMechanism { ScramSha512, ScramSha256, Plain };

struct Sasl {
  SaslMechanism mechanism = SaslMechanism::ScramSha512;
  std::string username = {};
  /// Exactly one of the two.
  std::string password = {};
  std::string password_file = {};
};

struct Options {
  std::string bootstrap_servers;
  /// All files of both are read again whenever a client is made, and when a broker refuses what the
  /// client knows.
  std::optional<Tls> tls;
  std::optional<Sasl> sasl;
  /// Name of the checkpoint topic, and beginning of the transactional ids: by default
  /// `outrider.<database>.<slot>`. Stable for the life of the slot.
  std::string identity;
  Delivery delivery = Delivery::ExactlyOnce;
  /// Create missing topics with the broker's default partitions and replication; otherwise a
  /// missing topic makes its event bad.
  bool create_topics = true;
  /// Only for commands that look and change nothing: a missing checkpoint topic stays missing.
  bool create_checkpoint_topic = true;
  OnPartitionChange on_partition_change = OnPartitionChange::Warn;
  /// Of the checkpoint topic; no value: the broker's default.
  std::optional<int> checkpoint_replication;
  /// A Kafka transaction is closed at the next seal once it holds this much; also the limits of a
  /// ticket, so one transaction holds at most twice as much.
  std::size_t transaction_records_max = 10'000;
  std::size_t transaction_bytes_max = 8 * 1024 * 1024;
  std::chrono::milliseconds transaction_timeout{60'000};
  /// librdkafka properties passed on as they are (linger.ms, ssl.crl.location, …), except those
  /// that the promises own and those that `tls` and `sasl` set.
  std::map<std::string, std::string> librdkafka;
};

}  // namespace outrider::kafka
