// What consumers see, read with kcat, which shares no code with the relay but librdkafka. Used by
// tests and lab.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace outrider::testing {

struct Delivered {
  std::string topic;
  int partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::optional<std::string> value;
  std::string headers;  ///< name=value,name=value

  /// The value of a header; empty if it is not there.
  std::string header(const std::string& name) const;
};

/// Everything that a read_committed consumer finds in the topic now, partition by partition. A
/// topic that does not exist is empty.
std::vector<Delivered> read_topic(const std::string& bootstrap, const std::string& topic);

/// The same one by one, for topics that are too large to hold.
void read_topic(const std::string& bootstrap, const std::string& topic,
                const std::function<void(const Delivered&)>& seen);

/// Follows a topic from its beginning with a kcat of its own; `seen` is called on a thread of this
/// object with every record as it arrives.
class Follower {
 public:
  using Seen = std::function<void(const Delivered&)>;
  Follower(const std::string& bootstrap, const std::string& topic, Seen seen);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

 private:
  int pid_ = -1;
  std::jthread reader_;
};

}  // namespace outrider::testing
