// A real Kafka broker in a folder of its own; used by tests and lab.
#pragma once

#include "tests/support/process.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace outrider::testing {

/// One KRaft node (broker and controller) on a free port of 127.0.0.1. The jars are those that
/// `./dev setup` fetched.
class KafkaServer {
 public:
  using Settings = std::map<std::string, std::string>;

  explicit KafkaServer(std::filesystem::path folder, const Settings& settings = {});

  void start();
  void kill_hard();
  std::string bootstrap() const { return "127.0.0.1:" + std::to_string(port_); }
  void create_topic(const std::string& name, int partitions) const;

 private:
  std::filesystem::path folder_;
  int port_;
  std::optional<Process> process_;
};

}  // namespace outrider::testing
