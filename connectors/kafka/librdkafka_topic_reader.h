// What a read_committed consumer sees of a topic, record by record; used by `outrider emit --wait`
// and `outrider tail --topic`.
#pragma once

#include "connectors/kafka/librdkafka_handles.h"
#include "connectors/kafka/options.h"
#include "relay/base/error.h"
#include "relay/base/time.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::kafka {

struct SeenRecord {
  int partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<WallTime> timestamp;

  /// The value of the first header of that name; none if there is none.
  std::optional<std::string> header(const std::string& name) const;
};

/// Belongs to no consumer group and leaves nothing behind. One thread; blocks.
class TopicReader {
 public:
  enum class Begin { Earliest, End };

  /// A topic that does not exist is read from its first record on once it does.
  static Result<std::unique_ptr<TopicReader>> open(const Options& options, std::string topic,
                                                   Begin begin);
  ~TopicReader();
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

  /// The next record of any partition; none if none came in that time.
  Result<std::optional<SeenRecord>> next(std::chrono::milliseconds patience);
  /// 0 as long as the topic does not exist.
  int partitions() const { return partitions_; }

 private:
  TopicReader(Handle handle, std::string topic)
      : name_(std::move(topic)),
        handle_(std::move(handle)),
        queue_(rd_kafka_queue_new(handle_.get())) {}
  Result<void> begin_new_partitions(Begin begin);

  std::string name_;
  Handle handle_;
  Queue queue_;
  Topic topic_;
  int partitions_ = 0;
  TimePoint looked_at_ = {};
};

}  // namespace outrider::kafka
