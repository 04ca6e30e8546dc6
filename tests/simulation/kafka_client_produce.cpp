// Records and commits of the simulated client.
#include "tests/simulation/kafka_client.h"

#include <algorithm>
#include <array>

namespace outrider::simulation {
namespace {

using namespace std::chrono_literals;

constexpr int kState = -172;
constexpr int kFenced = -144;
constexpr Duration kConcurrentWait = 20ms;
constexpr Duration kUnderWayMost = 10ms;

// What librdkafka says of a commit that failed for good (fatal) or whose transaction is lost.
const std::array kCommitErrors = {
    kafka::ClientError{.code = 48, .text = "invalid transaction state", .is_fatal = true},
    kafka::ClientError{.code = 90, .text = "producer fenced", .is_fatal = true},
    kafka::ClientError{.code = 49, .text = "invalid producer id mapping", .requires_abort = true},
    kafka::ClientError{.code = 59, .text = "unknown producer id", .requires_abort = true},
    kafka::ClientError{.code = -185, .text = "timed out", .requires_abort = true},
};
// What becomes of a transaction whose batch the brokers did not take.
const std::array kBatchErrors = {
    kafka::ClientError{.code = 29, .text = "topic authorization failed", .requires_abort = true},
    kafka::ClientError{.code = 45, .text = "out of order sequence number", .is_fatal = true},
    kafka::ClientError{.code = 48, .text = "invalid transaction state", .requires_abort = true},
    kafka::ClientError{.code = 59, .text = "unknown producer id", .requires_abort = true},
    kafka::ClientError{.code = 90, .text = "producer fenced", .requires_abort = true},
    kafka::ClientError{.code = 120, .text = "transaction abortable", .requires_abort = true},
    kafka::ClientError{.code = -192, .text = "message timed out", .requires_abort = true},
};
const std::array kProduceErrors = {
    kafka::ClientError{.code = -190, .text = "unknown partition"},
    kafka::ClientError{.code = -188, .text = "unknown topic"},
    kafka::ClientError{.code = -197, .text = "internal error"},
};

std::size_t partition_of(const std::optional<std::string_view>& key, std::size_t partitions) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;  // FNV-1a.
  for (const char c : key.value_or("")) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3U;
  }
  return hash % partitions;
}

StoredRecord stored(const Record& record) {
  StoredRecord copy;
  if (record.key) copy.key = std::string(*record.key);
  if (record.value) copy.value = std::string(*record.value);
  for (const Header& header : record.headers) {
    if (header.name == "id" && header.value) copy.event = std::string(*header.value);
  }
  return copy;
}

}  // namespace

kafka::Client::Produced KafkaClient::produce(const Record& record, int topic_handle,
                                             std::uint32_t tag, std::uint32_t offset) {
  const std::string& topic = topics_[static_cast<std::size_t>(topic_handle)];
  if (happens(faults_.produce_fails)) {
    last_error_ = kProduceErrors[environment_.random.below(kProduceErrors.size())];
    environment_.trace.note("client", "produce fails: " + last_error_.text);
    return Produced::Failed;
  }
  const std::size_t partitions = std::max<std::size_t>(cluster_.topic(topic).partitions, 1);
  return enqueue({.topic = topic, .partition = partition_of(record.key, partitions)},
                 {.record = stored(record), .tag = tag, .offset = offset});
}

kafka::Client::Produced KafkaClient::produce_checkpoint(std::string_view value, std::uint32_t tag) {
  return enqueue(
      {.topic = options_.identity, .partition = 0},
      {.record = {.key = options_.identity, .value = std::string(value), .event = {}}, .tag = tag});
}

kafka::Client::Produced KafkaClient::enqueue(TopicPartition place, Queued queued) {
  if (session_->failed) {
    last_error_ = session_->failed->is_fatal
                      ? *session_->failed
                      : kafka::ClientError{.code = kState, .text = "the transaction has failed"};
    return Produced::Failed;
  }
  const std::size_t room = 2 * options_.transaction_records_max + 16;
  if (session_->queued >= room) return Produced::QueueFull;  // Room comes with the next report.
  if (happens(faults_.queue_full)) {
    cluster_.timers().at(environment_.clock.steady + latency(), [this, self = shared_from_this()] {
      if (!is_dead_) raise();
    });
    return Produced::QueueFull;
  }
  session_->lanes[place].queue.push_back(std::move(queued));
  queued_most_ = std::max(queued_most_, ++session_->queued);
  send(place);
  return Produced::Taken;
}

void KafkaClient::send(const TopicPartition& place) {
  Lane& lane = session_->lanes[place];
  if (lane.is_sending || lane.queue.empty()) return;
  lane.is_sending = true;
  cluster_.timers().at(environment_.clock.steady + latency(), [this, self = shared_from_this(),
                                                               session = session_, place] {
    if (session->is_lost || (session->is_over && session->lanes[place].queue.empty())) return;
    Lane& sending = session->lanes[place];
    std::vector<Queued> batch;
    std::size_t bytes = 0;
    const std::size_t most = environment_.random.between(1, 20);
    while (!sending.queue.empty() && batch.size() < most) {
      bytes += sending.queue.front().record.value.value_or("").size();
      if (!batch.empty() && bytes >= session->batch_bytes_max) break;
      batch.push_back(std::move(sending.queue.front()));
      sending.queue.pop_front();
    }
    arrive(session, place, session->current, std::move(batch));
  });
}

void KafkaClient::arrive(const SessionPointer& session, const TopicPartition& place,
                         std::size_t producer, std::vector<Queued> batch) {
  if (session->is_lost || batch.empty()) return;
  // Nothing fences it; but what a process had sent is at the brokers, or lost, when it dies.
  const bool is_late =
      session->is_over && environment_.clock.steady > session->over_at + kUnderWayMost;
  if (is_late && !is_transactional()) return;
  const auto again = [&](TimePoint at) {
    cluster_.timers().at(at, [this, self = shared_from_this(), session, place, producer, batch] {
      arrive(session, place, producer, batch);
    });
  };
  if (!cluster_.is_up()) {
    again(cluster_.up_at() + 1ms);
    return;
  }
  std::optional<kafka::ClientError> error;
  if (!session->is_over && happens(faults_.batch_fails)) {
    error = kBatchErrors[environment_.random.below(kBatchErrors.size())];
    environment_.trace.note("client", "batch fails: " + error->text);
  } else {
    std::vector<StoredRecord> records;
    for (const Queued& queued : batch) records.push_back(queued.record);
    const Producer& sender = session->producers[producer];
    const int code =
        cluster_.append(sender.id, sender.epoch, options_.transaction_timeout, place, records);
    if (code == KafkaCluster::kConcurrentTransactions) {
      again(environment_.clock.steady + kConcurrentWait);
      return;
    }
    error = error_of_batch(code);
  }
  if (session->is_over) return;
  cluster_.timers().at(
      environment_.clock.steady + latency(),
      [this, self = shared_from_this(), session, place, batch = std::move(batch), error] {
        if (!session->is_over) respond(session, place, batch, error);
      });
}

std::optional<kafka::ClientError> KafkaClient::error_of_batch(int code) {
  switch (code) {
    case 0:
      return std::nullopt;
    case KafkaCluster::kInvalidProducerEpoch:
      return kafka::ClientError{.code = kFenced, .text = "fenced", .is_fatal = true};
    default:
      return kafka::ClientError{.code = code, .text = "rejected", .requires_abort = true};
  }
}

void KafkaClient::respond(const SessionPointer& session, const TopicPartition& place,
                          const std::vector<Queued>& batch,
                          const std::optional<kafka::ClientError>& error) {
  session->lanes[place].is_sending = false;
  session->queued -= std::min(session->queued, batch.size());
  raise();
  if (!error) {
    if (!is_transactional()) {
      for (const Queued& queued : batch) {
        reports_.acknowledged.push_back({.tag = queued.tag, .records = 1});
      }
    }
  } else {
    session->failed = *error;
    // An idempotent producer has no transaction to abort.
    session->failed->is_fatal = error->is_fatal || !is_transactional();
    session->failed->requires_abort = !session->failed->is_fatal;
    reports_.failures += batch.size();
    if (!reports_.failed) {
      reports_.failed = kafka::Reports::Failed{
          .tag = batch.front().tag, .offset = batch.front().offset, .error = *session->failed};
    }
    purge();
    return;
  }
  send(place);
  continue_commit();
}

void KafkaClient::purge() {
  if (!session_) return;
  for (auto& [place, lane] : session_->lanes) {
    session_->queued -= std::min(session_->queued, lane.queue.size());
    lane.queue.clear();
  }
  if (!is_flushing_) return;
  is_flushing_ = false;
  const kafka::ClientError error = session_->failed.value_or(
      kafka::ClientError{.code = -152, .text = "records were purged", .requires_abort = true});
  after_round_trip([this, error] { fail(error, "commit the transaction"); });
}

void KafkaClient::run(const kafka::CommitJob& job) {
  if (session_->failed) {
    after_round_trip([this, error = *session_->failed] { fail(error, "write the checkpoint"); });
    return;
  }
  is_flushing_ = true;
  const TopicPartition place{.topic = options_.identity, .partition = 0};
  session_->lanes[place].queue.push_back(
      {.record = {.key = options_.identity, .value = job.checkpoint, .event = {}},
       .tag = kafka::kCheckpointTag});
  ++session_->queued;
  send(place);
}

void KafkaClient::continue_commit() {
  if (!is_flushing_ || session_->queued > 0) return;
  is_flushing_ = false;
  cluster_.timers().at(environment_.clock.steady + latency(),
                       [this, self = shared_from_this(), session = session_] {
                         if (!session->is_lost) end_transaction(session, !session->is_over);
                       });
}

void KafkaClient::end_transaction(const SessionPointer& session, bool is_heard) {
  if (!cluster_.is_up()) {
    cluster_.timers().at(cluster_.up_at() + 1ms, [this, self = shared_from_this(), session] {
      if (!session->is_lost) end_transaction(session, !session->is_over);
    });
    return;
  }
  const Producer& producer = session->producer();
  if (!is_heard) {
    static_cast<void>(cluster_.end(producer.id, producer.epoch, true));
    return;
  }
  std::optional<kafka::ClientError> error;
  if (happens(faults_.commit_fails)) {
    error = kCommitErrors[environment_.random.below(kCommitErrors.size())];
    environment_.trace.note("client", "commit fails: " + error->text);
  } else {
    const int code = cluster_.end(producer.id, producer.epoch, true);
    if (code != 0) {
      error = kafka::ClientError{.code = kFenced, .text = "fenced", .is_fatal = true};
    } else if (happens(faults_.response_lost)) {
      error = kCommitErrors[environment_.random.below(kCommitErrors.size())];
      environment_.trace.note("client", "commit done, but heard: " + error->text);
    }
  }
  cluster_.timers().at(environment_.clock.steady + latency(),
                       [this, self = shared_from_this(), session, error] {
                         if (session->is_over || !busy_) return;
                         if (error) {
                           session->failed = *error;
                           fail(*error, "commit the transaction");
                           return;
                         }
                         session->current = (session->current + 1) % session->producers.size();
                         finish(kafka::Done{});
                       });
}

}  // namespace outrider::simulation
