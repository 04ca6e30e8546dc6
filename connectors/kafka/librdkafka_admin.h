// Topics and the checkpoint topic through librdkafka: everything here blocks, for seconds at most.
// Used by the librdkafka client's worker.
#pragma once

#include "connectors/kafka/client.h"
#include "connectors/kafka/examination.h"
#include "connectors/kafka/librdkafka_config.h"
#include "connectors/kafka/librdkafka_handles.h"
#include "connectors/kafka/options.h"
#include "relay/base/time.h"

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::kafka {

template <typename T>
using Answer = std::expected<T, JobFailure>;

std::unexpected<JobFailure> failed_job(ClientError error, std::string act);
std::unexpected<JobFailure> failed_job(rd_kafka_resp_err_t code, std::string act);

/// Creates nothing.
Answer<TopicPartitions> look_up_topic(rd_kafka_t* handle, const std::string& topic);

/// How many partitions the topic has; 0 if it does not exist. Fails while one has no leader.
Answer<int> partitions_of(rd_kafka_t* handle, const std::string& topic);

struct TopicPlan {
  std::string name;
  int partitions = -1;   ///< -1: the broker's default.
  int replication = -1;  ///< -1: the broker's default.
  std::map<std::string, std::string> settings = {};
};
/// Creates the topic and waits until it can be used; that it exists already is fine.
Answer<int> create_topic(rd_kafka_t* handle, const TopicPlan& plan);
/// Asks the cluster whether it would create the topic; creates nothing.
Answer<void> try_to_create_topic(rd_kafka_t* handle, const TopicPlan& plan);

/// The settings of a topic, or of the broker with that number, which is asked itself.
Answer<std::map<std::string, std::string>> settings_of(rd_kafka_t* handle,
                                                       rd_kafka_ResourceType_t type,
                                                       const std::string& name);
/// The value of a topic's setting; empty if the broker does not tell.
Answer<std::string> topic_setting(rd_kafka_t* handle, const std::string& topic,
                                  const std::string& name);

/// Who is told what librdkafka says of brokers; called inside calls of CheckpointTopic.
struct ErrorListener {
  void (*call)(rd_kafka_t*, int code, const char* reason, void* listener) = nullptr;
  void* listener = nullptr;
};

/// A consumer that asks and reads; the listener lives as long.
Answer<Handle> make_reader(const Options& options, Isolation isolation, ErrorListener listener);

/// How the checkpoint topic is made.
TopicPlan checkpoint_topic_plan(const Options& options);

/// The checkpoint topic of one pipeline.
class CheckpointTopic {
 public:
  enum class Wait { No, UntilComplete };

  /// Misconfigured properties were refused before: fails only for want of resources.
  static Answer<std::unique_ptr<CheckpointTopic>> open(const Options& options,
                                                       ErrorListener listener);

  /// Creates the topic if it is missing; tells its partitions and cleanup policy.
  Answer<CheckpointFacts> ensure();

  /// Adds the last committed records with our key to the facts. Complete only if everything up to
  /// the end of the log, open transactions included, was seen; UntilComplete also looks for the
  /// record that is hidden.
  Answer<CheckpointFacts> read(CheckpointFacts facts, Wait wait);

 private:
  struct Tail {
    std::vector<std::string> records;
    std::vector<std::optional<WallTime>> written_at;  // Of each record.
    bool is_complete = false;
    std::optional<std::int64_t> end;  // Where consumers have to stop.
  };
  struct Part {
    std::string topic;
    int partition = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  CheckpointTopic(const Options& options, ErrorListener listener, Handle administrator)
      : options_(options), listener_(listener), administrator_(std::move(administrator)) {}
  /// Lets the listener hear why a call failed.
  template <typename T>
  Answer<T> heard(Answer<T> answer) {
    if (!answer) rd_kafka_poll(administrator_.get(), 0);
    return answer;
  }
  Answer<CheckpointFacts> find_or_create();
  Answer<CheckpointFacts> read_tail(CheckpointFacts facts, Wait wait);
  Answer<Tail> read_from(std::int64_t begin, std::int64_t end, Wait wait);
  /// The record at this place, whether its transaction was committed or not, if it is ours.
  Answer<std::optional<HiddenCheckpoint>> read_hidden(std::int64_t place);
  /// Whether the log of the transaction coordinator proves that the id's last transaction was
  /// committed. False, too, where the log may not be read.
  bool was_committed(const std::string& transactional_id);
  /// Hands over the records of a partition up to `end`, or for some seconds; tells up to where it
  /// came, which is before `end` where consumers have to stop.
  Answer<std::optional<std::int64_t>> read_part(
      const Part& part, Isolation isolation, Wait wait,
      const std::function<void(const rd_kafka_message_t&)>& take);

  const Options& options_;
  const ErrorListener listener_;
  Handle administrator_;  // Sees records of open transactions, so that it knows the log's end.
};

}  // namespace outrider::kafka
