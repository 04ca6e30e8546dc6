// Reading the checkpoint topic: the last committed record with our key.
#include "connectors/kafka/librdkafka_admin.h"
#include "connectors/kafka/librdkafka_config.h"
#include "connectors/kafka/transaction_log.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace outrider::kafka {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kAnswerTimeoutMs = 10'000;
constexpr int kConsumeTimeoutMs = 100;
constexpr auto kReadTimeout = 10s;
// How far before the end to begin; control records and aborted ones take places, too.
constexpr std::int64_t kTailRecords = 16;
constexpr std::size_t kRecordsMost = 16;

/// Empty if there is none.
std::string_view key_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.key), message.key_len};
}

bool has_key(const rd_kafka_message_t& message, std::string_view key) {
  return message.key != nullptr && key_of(message) == key;
}

std::optional<std::string_view> value_of(const rd_kafka_message_t& message) {
  if (message.payload == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(message.payload), message.len);
}

/// A consumer at work on one partition.
class Reading {
 public:
  static Answer<Reading> begin(Handle reader, const std::string& topic, int partition,
                               std::int64_t offset, const std::string& act) {
    Topic named(rd_kafka_topic_new(reader.get(), topic.c_str(), nullptr));
    if (!named || rd_kafka_consume_start(named.get(), partition, offset) != 0) {
      return failed_job(rd_kafka_last_error(), act);
    }
    return Reading(std::move(reader), std::move(named), partition);
  }
  ~Reading() {
    if (topic_) rd_kafka_consume_stop(topic_.get(), partition_);
  }
  Reading(Reading&&) = default;
  Reading& operator=(Reading&&) = delete;

  /// Nothing if nothing came in that time.
  Message next(int timeout_ms) const {
    return Message(rd_kafka_consume(topic_.get(), partition_, timeout_ms));
  }

 private:
  Reading(Handle reader, Topic topic, int partition)
      : reader_(std::move(reader)), topic_(std::move(topic)), partition_(partition) {}

  Handle reader_;
  Topic topic_;
  int partition_;
};

/// Which transactional id wrote the checkpoint; no value: an older relay, which does not say.
std::optional<std::size_t> producer_of(const rd_kafka_message_t& message,
                                       const std::string& identity) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, kProducerHeader, &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  const auto ids = transactional_ids(identity);
  const auto id = std::ranges::find(ids, std::string_view(static_cast<const char*>(value), size));
  if (id == ids.end()) return std::nullopt;
  return static_cast<std::size_t>(id - ids.begin());
}

std::optional<WallTime> written_at(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t milliseconds = rd_kafka_message_timestamp(&message, &type);
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) return std::nullopt;
  return WallTime(std::chrono::milliseconds(milliseconds));
}

}  // namespace

Answer<Handle> make_reader(const Options& options, Isolation isolation, ErrorListener listener) {
  const std::string act = "make a Kafka consumer";
  Result<Configuration> configuration = reader_configuration(options, isolation);
  if (!configuration) return failed_job(error_of_configuration(configuration.error()), act);
  rd_kafka_conf_set_opaque(configuration->get(), listener.listener);
  rd_kafka_conf_set_error_cb(configuration->get(), listener.call);
  auto made = make_client(RD_KAFKA_CONSUMER, std::move(*configuration));
  if (!made) return failed_job(std::move(made).error(), act);
  return std::move(*made);
}

TopicPlan checkpoint_topic_plan(const Options& options) {
  return {.name = options.identity,
          .partitions = 1,
          .replication = options.checkpoint_replication.value_or(-1),
          .settings = {{"cleanup.policy", "compact"},
                       {"segment.ms", "600000"},
                       {"segment.bytes", "16777216"},
                       {"min.cleanable.dirty.ratio", "0.1"}}};
}

Answer<std::unique_ptr<CheckpointTopic>> CheckpointTopic::open(const Options& options,
                                                               ErrorListener listener) {
  OUTRIDER_TRY(Handle administrator, make_reader(options, Isolation::ReadUncommitted, listener));
  return std::unique_ptr<CheckpointTopic>(
      new CheckpointTopic(options, listener, std::move(administrator)));
}

Answer<CheckpointFacts> CheckpointTopic::ensure() { return heard(find_or_create()); }

Answer<CheckpointFacts> CheckpointTopic::read(CheckpointFacts facts, Wait wait) {
  return heard(read_tail(std::move(facts), wait));
}

Answer<CheckpointFacts> CheckpointTopic::find_or_create() {
  OUTRIDER_TRY(int partitions, partitions_of(administrator_.get(), options_.identity));
  if (partitions == 0) {
    if (!options_.create_checkpoint_topic) return CheckpointFacts{};
    OUTRIDER_TRY(partitions, create_topic(administrator_.get(), checkpoint_topic_plan(options_)));
  }
  OUTRIDER_TRY(std::string policy,
               topic_setting(administrator_.get(), options_.identity, "cleanup.policy"));
  return CheckpointFacts{.partitions = partitions, .cleanup_policy = std::move(policy)};
}

Answer<CheckpointFacts> CheckpointTopic::read_tail(CheckpointFacts facts, Wait wait) {
  if (facts.partitions != 1) return facts;
  std::int64_t low = 0;
  std::int64_t high = 0;
  const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
      administrator_.get(), options_.identity.c_str(), 0, &low, &high, kAnswerTimeoutMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed_job(code, "read the checkpoint topic");
  facts.records.clear();
  facts.written_at.clear();
  facts.is_complete = true;
  facts.hidden.reset();
  for (std::int64_t records = kTailRecords; low < high; records *= 16) {
    const std::int64_t begin = std::max(low, high - records);
    OUTRIDER_TRY(Tail tail, read_from(begin, high, wait));
    facts.records = std::move(tail.records);
    facts.written_at = std::move(tail.written_at);
    facts.is_complete = tail.is_complete;
    if (!facts.is_complete && wait == Wait::UntilComplete && tail.end) {
      OUTRIDER_TRY(facts.hidden, read_hidden(*tail.end));
      if (facts.hidden) {
        const auto ids = transactional_ids(options_.identity);
        facts.hidden->is_committed = was_committed(ids[facts.hidden->producer]);
      }
    }
    if (!facts.records.empty() || !facts.is_complete || begin == low) break;
  }
  return facts;
}

Answer<CheckpointTopic::Tail> CheckpointTopic::read_from(std::int64_t begin, std::int64_t end,
                                                         Wait wait) {
  Tail tail;
  const auto take = [&](const rd_kafka_message_t& message) {
    if (!has_key(message, options_.identity)) return;
    const std::optional<std::string_view> value = value_of(message);
    if (!value) {
      // A tombstone: what stood here before does not count any more.
      tail.records.clear();
      tail.written_at.clear();
      return;
    }
    tail.records.emplace_back(*value);
    tail.written_at.push_back(written_at(message));
    if (tail.records.size() > kRecordsMost) {
      tail.records.erase(tail.records.begin());
      tail.written_at.erase(tail.written_at.begin());
    }
  };
  const Part part{.topic = options_.identity, .partition = 0, .begin = begin, .end = end};
  OUTRIDER_TRY(tail.end, read_part(part, Isolation::ReadCommitted, wait, take));
  tail.is_complete = tail.end && *tail.end >= end;
  return tail;
}

Answer<std::optional<std::int64_t>> CheckpointTopic::read_part(
    const Part& part, Isolation isolation, Wait wait,
    const std::function<void(const rd_kafka_message_t&)>& take) {
  const std::string act = "read topic \"" + part.topic + "\"";
  OUTRIDER_TRY(Handle reader, make_reader(options_, isolation, listener_));
  OUTRIDER_TRY(const Reading reading,
               Reading::begin(std::move(reader), part.topic, part.partition, part.begin, act));
  std::optional<std::int64_t> reached;
  const auto deadline = Clock::now() + kReadTimeout;
  while (!(reached && *reached >= part.end) && Clock::now() < deadline) {
    const Message message = reading.next(kConsumeTimeoutMs);
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      take(*message);
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      reached = message->offset;
      if (wait == Wait::No) break;
    } else if (message->err != RD_KAFKA_RESP_ERR__TRANSPORT &&
               message->err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      return failed_job(message->err, act);
    }
  }
  return reached;
}

Answer<std::optional<HiddenCheckpoint>> CheckpointTopic::read_hidden(std::int64_t place) {
  const std::string act = "read what is hidden in the checkpoint topic";
  OUTRIDER_TRY(Handle reader, make_reader(options_, Isolation::ReadUncommitted, listener_));
  OUTRIDER_TRY(const Reading reading,
               Reading::begin(std::move(reader), options_.identity, 0, place, act));
  const Message message = reading.next(kAnswerTimeoutMs);
  if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->offset != place ||
      !has_key(*message, options_.identity)) {
    return std::nullopt;
  }
  const std::optional<std::string_view> value = value_of(*message);
  const std::optional<std::size_t> producer = producer_of(*message, options_.identity);
  if (!value || !producer) return std::nullopt;
  return HiddenCheckpoint{.record = std::string(*value), .producer = *producer};
}

bool CheckpointTopic::was_committed(const std::string& transactional_id) {
  const Answer<int> partitions = partitions_of(administrator_.get(), kTransactionLogTopic);
  if (!partitions || *partitions == 0) return false;
  Part part{.topic = kTransactionLogTopic,
            .partition = transaction_log_partition(transactional_id, *partitions)};
  if (rd_kafka_query_watermark_offsets(administrator_.get(), kTransactionLogTopic, part.partition,
                                       &part.begin, &part.end,
                                       kAnswerTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  LastTransaction last(transactional_id);
  const auto take = [&](const rd_kafka_message_t& message) {
    last.note(key_of(message), value_of(message));
  };
  const auto reached = read_part(part, Isolation::ReadUncommitted, Wait::UntilComplete, take);
  return reached && *reached && **reached >= part.end && last.is_committed();
}

}  // namespace outrider::kafka
