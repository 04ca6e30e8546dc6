// The librdkafka client's worker thread: the jobs, and the delivery reports.
#include "connectors/kafka/librdkafka_client.h"
#include "connectors/kafka/librdkafka_config.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

namespace outrider::kafka {
namespace {

using namespace std::chrono_literals;

constexpr int kFenceSliceMs = 1'000;
constexpr int kFenceSlices = 30;
constexpr int kAbortTimeoutMs = 5'000;
constexpr int kRoomTimeoutMs = 100;
constexpr int kCommitSliceMs = 1'000;
constexpr int kFlushTimeoutMs = 500;
constexpr int kOutageTimeoutMs = 1'000;
constexpr int kForever = -1;
constexpr auto kCallAgainInterval = 100ms;

JobResult result_of(Answer<CheckpointFacts> answer) {
  if (answer) return std::move(*answer);
  return std::move(answer).error();
}

}  // namespace

void LibrdkafkaClient::work() {
  while (!leaving_) {
    wait_for_work();
    std::optional<Job> job;
    {
      const std::scoped_lock lock(mutex_);
      job = std::exchange(job_, std::nullopt);
    }
    if (job) {
      JobResult result = std::visit([this](const auto& concrete) { return run(concrete); }, *job);
      if (auto* failed = std::get_if<JobFailure>(&result)) {
        *failed = explain(std::move(failed->error), std::move(failed->act));
      }
      // Reports that came with the job count before its result.
      serve_reports();
      {
        const std::scoped_lock lock(mutex_);
        result_ = std::move(result);
      }
      raise_wake();
    } else {
      serve_reports();
    }
  }
  let_go_of_producers();
  checkpoint_.reset();
}

void LibrdkafkaClient::wait_for_work() {
  pollfd descriptor{.fd = work_fd_, .events = POLLIN, .revents = 0};
  poll(&descriptor, 1, is_refused_ ? kOutageTimeoutMs : kForever);
  if (is_refused_) look_at_secrets();
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(work_fd_, &count, sizeof count);
}

void LibrdkafkaClient::serve_reports() {
  for (const Producer& producer : producers_) {
    while (rd_kafka_poll(producer.handle.get(), 0) > 0) {
    }
  }
  const bool has_news = !gathered_.acknowledged.empty() || gathered_.failed;
  if (has_news) {
    const std::scoped_lock lock(mutex_);
    reports_.acknowledged.insert(reports_.acknowledged.end(), gathered_.acknowledged.begin(),
                                 gathered_.acknowledged.end());
    if (!reports_.failed) reports_.failed = std::move(gathered_.failed);
    reports_.failures += gathered_.failures;
  }
  gathered_ = {};
  if (has_news || wants_room_.exchange(false)) raise_wake();
}

void LibrdkafkaClient::report(const rd_kafka_message_t& message) {
  const auto opaque = reinterpret_cast<std::uint64_t>(message._private);
  const auto tag = static_cast<std::uint32_t>(opaque >> 32);
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    is_refused_ = false;
    if (!heard_.text.empty()) heard_ = {};
    if (options_.delivery == Delivery::ExactlyOnce) return;  // The commit tells.
    if (gathered_.acknowledged.empty() || gathered_.acknowledged.back().tag != tag) {
      gathered_.acknowledged.push_back({.tag = tag, .records = 0});
    }
    ++gathered_.acknowledged.back().records;
    return;
  }
  // Given up by ourselves, with the transaction.
  if (message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
      message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
    return;
  }
  ++gathered_.failures;
  if (gathered_.failed) return;
  gathered_.failed = {.tag = tag,
                      .offset = static_cast<std::uint32_t>(opaque & 0xFFFF'FFFFU),
                      .error = explained(error_of(message.err), heard_)};
}

JobResult LibrdkafkaClient::run(const LookJob&) {
  Answer<std::unique_ptr<CheckpointTopic>> opened =
      CheckpointTopic::open(options_, {.call = on_error, .listener = this});
  if (!opened) return std::move(opened).error();
  checkpoint_ = std::move(*opened);
  Answer<CheckpointFacts> facts = checkpoint_->ensure();
  if (!facts) return std::move(facts).error();
  return result_of(checkpoint_->read(std::move(*facts), CheckpointTopic::Wait::No));
}

JobResult LibrdkafkaClient::run(const OpenJob& job) {
  if (std::optional<JobFailure> failed = make_producers(job)) return std::move(*failed);
  Answer<CheckpointFacts> facts = checkpoint_->ensure();
  if (!facts) return std::move(facts).error();
  return read_checkpoint_and_begin(std::move(*facts));
}

JobResult LibrdkafkaClient::run(const RecommitJob& job) {
  current_ = job.producer;
  if (std::optional<JobFailure> failed = commit_nothing()) return std::move(*failed);
  Answer<CheckpointFacts> facts = checkpoint_->ensure();
  if (!facts) return std::move(facts).error();
  return read_checkpoint_and_begin(std::move(*facts));
}

JobResult LibrdkafkaClient::read_checkpoint_and_begin(CheckpointFacts ensured) {
  Answer<CheckpointFacts> facts =
      checkpoint_->read(std::move(ensured), CheckpointTopic::Wait::UntilComplete);
  if (!facts) return std::move(facts).error();
  if (!facts->is_complete) return std::move(*facts);
  checkpoint_.reset();
  if (options_.delivery == Delivery::ExactlyOnce) {
    JobResult begun = begin_transaction();
    if (std::holds_alternative<JobFailure>(begun)) return begun;
  }
  return std::move(*facts);
}

/// A transaction with nothing but a tombstone that nobody reads.
std::optional<JobFailure> LibrdkafkaClient::commit_nothing() {
  JobResult begun = begin_transaction();
  if (auto* failed = std::get_if<JobFailure>(&begun)) return std::move(*failed);
  std::string& key = current().transactional_id;
  const rd_kafka_resp_err_t error =
      rd_kafka_producev(current_handle(), RD_KAFKA_V_RKT(current().checkpoint_topic.get()),
                        RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return JobFailure{.error = error_of(current_handle(), error), .act = "end a transaction"};
  }
  flush();
  return call_until_settled("end a transaction", rd_kafka_commit_transaction);
}

JobResult LibrdkafkaClient::begin_transaction() {
  const ErrorObject error(rd_kafka_begin_transaction(current_handle()));
  if (!error) return Done{};
  return JobFailure{.error = error_of(current_handle(), error.get()), .act = "begin a transaction"};
}

/// All of them are made and fenced before the checkpoint is read: no older instance can commit with
/// either id after that.
std::optional<JobFailure> LibrdkafkaClient::make_producers(const OpenJob& job) {
  current_ = 0;
  if (std::optional<JobFailure> failed = remember_credentials()) return failed;
  if (options_.delivery == Delivery::AtLeastOnce) return make_producer(job, {});
  for (const std::string& id : transactional_ids(options_.identity)) {
    if (std::optional<JobFailure> failed = make_producer(job, id)) return failed;
    if (std::optional<JobFailure> failed = fence(producers_.back().handle.get())) return failed;
  }
  return std::nullopt;
}

std::optional<JobFailure> LibrdkafkaClient::make_producer(const OpenJob& job,
                                                          std::string_view transactional_id) {
  const char* act = "make a Kafka producer";
  Result<Configuration> configuration =
      producer_configuration(options_, transactional_id, job.batch_bytes_max);
  if (!configuration) {
    return JobFailure{.error = error_of_configuration(configuration.error()), .act = act};
  }
  rd_kafka_conf_set_opaque(configuration->get(), this);
  rd_kafka_conf_set_dr_msg_cb(configuration->get(), on_report);
  rd_kafka_conf_set_error_cb(configuration->get(), on_error);
  auto made = make_client(RD_KAFKA_PRODUCER, std::move(*configuration));
  if (!made) return JobFailure{.error = std::move(made).error(), .act = act};
  Producer producer;
  producer.transactional_id = transactional_id;
  producer.handle = std::move(*made);
  producer.reports.reset(rd_kafka_queue_get_main(producer.handle.get()));
  const std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(producer.reports.get(), work_fd_, &one, sizeof one);
  producer.checkpoint_topic.reset(
      rd_kafka_topic_new(producer.handle.get(), options_.identity.c_str(), nullptr));
  producers_.push_back(std::move(producer));
  return std::nullopt;
}

std::optional<JobFailure> LibrdkafkaClient::fence(rd_kafka_t* producer) {
  ClientError last;
  // In slices, so that it can be hurried: a call that timed out goes on where it was.
  for (int slice = 0; slice < kFenceSlices && !hurrying_; ++slice) {
    const ErrorObject error(rd_kafka_init_transactions(producer, kFenceSliceMs));
    if (!error) return std::nullopt;
    last = error_of(producer, error.get());
    if (!should_call_again(last)) break;
    std::this_thread::sleep_for(kCallAgainInterval);
  }
  return JobFailure{.error = std::move(last),
                    .act = "fence older producers of \"" + options_.identity + "\""};
}

JobResult LibrdkafkaClient::run(const TopicJob& job) {
  Answer<int> partitions = partitions_of(current_handle(), job.topic);
  if (partitions && *partitions == 0 && options_.create_topics) {
    partitions = create_topic(current_handle(), {.name = job.topic});
  }
  if (!partitions) return std::move(partitions).error();
  if (*partitions == 0) return TopicFacts{};
  const Answer<std::string> limit = topic_setting(current_handle(), job.topic, "max.message.bytes");
  const Result<std::size_t> own_limit = message_bytes_max(options_);
  TopicFacts facts{.handle = static_cast<int>(current().topics.size()),
                   .partitions = *partitions,
                   .record_bytes_max = own_limit.value_or(kBatchBytesMax),
                   .topic_bytes_max = kBatchBytesMax};
  // Without the right to describe the topic, the broker itself refuses what is too large.
  if (limit && !limit->empty()) {
    std::from_chars(limit->data(), limit->data() + limit->size(), facts.topic_bytes_max);
    facts.record_bytes_max = std::min(facts.record_bytes_max, facts.topic_bytes_max);
  }
  for (Producer& producer : producers_) {
    producer.topics.emplace_back(
        rd_kafka_topic_new(producer.handle.get(), job.topic.c_str(), nullptr));
  }
  return facts;
}

JobResult LibrdkafkaClient::run(const CountJob& job) {
  Answer<int> partitions = partitions_of(current_handle(), job.topic);
  if (!partitions) return std::move(partitions).error();
  return PartitionCount{*partitions};
}

JobResult LibrdkafkaClient::run(const CommitJob& job) {
  set_committing(current_handle());
  JobResult result = commit(job);
  set_committing(nullptr);
  return result;
}

void LibrdkafkaClient::set_committing(rd_kafka_t* producer) {
  const std::scoped_lock lock(mutex_);
  committing_ = producer;
}

JobResult LibrdkafkaClient::commit(const CommitJob& job) {
  Produced produced = produce_checkpoint(job.checkpoint, kCheckpointTag);
  while (produced == Produced::QueueFull && !hurrying_) {
    // Records are acknowledged, or time out with the transaction.
    wait_for_brokers(kRoomTimeoutMs);
    produced = produce_checkpoint(job.checkpoint, kCheckpointTag);
  }
  if (produced != Produced::Taken) {
    return JobFailure{.error = last_error_, .act = "write the checkpoint"};
  }
  flush();
  if (auto failed = call_until_settled("commit the transaction", rd_kafka_commit_transaction)) {
    return std::move(*failed);
  }
  current_ = (current_ + 1) % producers_.size();
  return begin_transaction();
}

/// The commit would flush, too, but at the price of a wake-up every 10 ms while brokers are away.
void LibrdkafkaClient::flush() {
  static_cast<void>(rd_kafka_flush(current_handle(), kFlushTimeoutMs));
  // Behind a record that failed the others wait in vain, until they time out.
  while (!hurrying_ && !gathered_.failed && rd_kafka_outq_len(current_handle()) > 0) {
    wait_for_brokers(kOutageTimeoutMs);
  }
}

std::optional<JobFailure> LibrdkafkaClient::call_until_settled(
    const char* act, rd_kafka_error_t* (*call)(rd_kafka_t*, int)) {
  // In slices, so that it can be hurried: a call that timed out goes on where it was.
  while (true) {
    const ErrorObject error(call(current_handle(), kCommitSliceMs));
    if (!error) return std::nullopt;
    ClientError settled = error_of(current_handle(), error.get());
    if (!should_call_again(settled) || hurrying_) {
      return JobFailure{.error = std::move(settled), .act = act};
    }
    wait_for_brokers(0);
    if (outdated_) return JobFailure{.error = *outdated_, .act = act};
    std::this_thread::sleep_for(kCallAgainInterval);
  }
}

JobResult LibrdkafkaClient::run(const CloseJob&) {
  if (!producers_.empty() && options_.delivery == Delivery::ExactlyOnce &&
      rd_kafka_fatal_error(current_handle(), nullptr, 0) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    // Otherwise consumers wait for the transaction's time-out. A failure changes nothing: the next
    // producer of the same id ends it.
    const ErrorObject ignored(rd_kafka_abort_transaction(current_handle(), kAbortTimeoutMs));
  } else if (!producers_.empty() && options_.delivery == Delivery::AtLeastOnce) {
    // What is under way must not arrive behind what the next producer writes.
    rd_kafka_purge(current_handle(), RD_KAFKA_PURGE_F_QUEUE);
    static_cast<void>(rd_kafka_flush(current_handle(), kAbortTimeoutMs));
  }
  let_go_of_producers();
  checkpoint_.reset();
  const std::scoped_lock lock(mutex_);
  reports_ = {};
  return Done{};
}

void LibrdkafkaClient::let_go_of_producers() {
  for (Producer& producer : producers_) {
    rd_kafka_purge(producer.handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_queue_io_event_enable(producer.reports.get(), -1, nullptr, 0);
  }
  producers_.clear();
  gathered_ = {};
  outdated_.reset();
  is_refused_ = false;
}

void LibrdkafkaClient::on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  static_cast<LibrdkafkaClient*>(self)->report(*message);
}

}  // namespace outrider::kafka
