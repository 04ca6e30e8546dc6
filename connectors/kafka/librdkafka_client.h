// The Kafka client over librdkafka: one worker thread for everything that blocks. Used by the sink.
#pragma once

#include "connectors/kafka/client.h"
#include "connectors/kafka/librdkafka_admin.h"
#include "connectors/kafka/librdkafka_handles.h"
#include "connectors/kafka/options.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace outrider::kafka {

/// The pipeline's thread submits jobs and produces; the worker runs the jobs and alone serves
/// delivery reports. They share what stands under `mutex_`, and the producers, which the
/// worker makes, changes and unmakes only inside jobs that the pipeline's thread waits for.
class LibrdkafkaClient final : public Client {
 public:
  explicit LibrdkafkaClient(Options options);
  /// Waits for the job under way; jobs that wait for brokers end soon after.
  ~LibrdkafkaClient() override;
  LibrdkafkaClient(const LibrdkafkaClient&) = delete;
  LibrdkafkaClient& operator=(const LibrdkafkaClient&) = delete;

  void submit(Job job) override;
  bool busy() const override { return busy_; }
  void hurry() override;
  std::optional<JobResult> take_result() override;
  Produced produce(const Record& record, int topic_handle, std::uint32_t tag,
                   std::uint32_t offset) override;
  Produced produce_checkpoint(std::string_view value, std::uint32_t tag) override;
  const ClientError& last_error() const override { return last_error_; }
  Reports take_reports() override;
  int wake_fd() const override { return wake_fd_; }
  void lower_wake() override;
  Notices take_notices() override;

 private:
  /// One librdkafka producer with what belongs to it.
  struct Producer {
    Handle handle;
    std::string transactional_id;  // Empty in at_least_once.
    Queue reports;
    Topic checkpoint_topic;
    std::vector<Topic> topics;  // By the handle given to produce().
  };

  Producer& current() { return producers_[current_]; }
  rd_kafka_t* current_handle() const { return producers_[current_].handle.get(); }
  Produced try_produce(const Record& record, int topic_handle, std::uint32_t tag,
                       std::uint32_t offset);

  // The worker (librdkafka_worker.cpp).
  void work();
  void wait_for_work();
  void serve_reports();
  void report(const rd_kafka_message_t& message);
  JobResult run(const LookJob& job);
  JobResult run(const OpenJob& job);
  JobResult run(const RecommitJob& job);
  JobResult run(const TopicJob& job);
  JobResult run(const CountJob& job);
  JobResult run(const CommitJob& job);
  JobResult run(const CloseJob& job);
  JobResult commit(const CommitJob& job);
  void flush();
  void set_committing(rd_kafka_t* producer);
  JobResult begin_transaction();
  JobResult read_checkpoint_and_begin(CheckpointFacts ensured);
  std::optional<JobFailure> commit_nothing();
  std::optional<JobFailure> make_producers(const OpenJob& job);
  std::optional<JobFailure> make_producer(const OpenJob& job, std::string_view transactional_id);
  std::optional<JobFailure> fence(rd_kafka_t* producer);
  void let_go_of_producers();
  std::optional<JobFailure> call_until_settled(const char* act,
                                               rd_kafka_error_t* (*call)(rd_kafka_t*, int));
  // The worker without brokers (librdkafka_outage.cpp).
  std::optional<JobFailure> remember_credentials();
  void look_at_secrets();
  void renew_password();
  void give_up_old_files();
  void wait_for_brokers(int timeout_ms);
  JobFailure explain(ClientError error, std::string act) const;
  void say_of_brokers(int code);

  void raise_wake() const;

  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
  static void on_error(rd_kafka_t*, int code, const char* reason, void* self);

  const Options options_;
  const int wake_fd_;
  const int work_fd_;  // Written when there is a job, and by librdkafka when there are reports.

  // Pipeline's thread.
  bool busy_ = false;
  ClientError last_error_;

  // Made and unmade by the worker in jobs, used by both. exactly_once has two, with a transactional
  // id each, and uses them in turn: after a commit the broker is still writing the markers of its
  // id, and a next transaction of the same id would have to wait for them. A transaction begins
  // only after the one before it was committed, so they are committed in their order.
  std::vector<Producer> producers_;
  std::size_t current_ = 0;

  // Worker alone.
  std::unique_ptr<CheckpointTopic> checkpoint_;  // From LookJob until OpenJob is done.
  Reports gathered_;
  std::string password_;                 // That the producers have.
  std::size_t fingerprint_ = 0;          // Of the files that the producers have loaded.
  std::optional<ClientError> outdated_;  // Set when a broker refused those and there are others.
  BrokerReason heard_;                   // Since brokers took a record last.
  bool is_refused_ = false;              // A broker did not take our secrets; likewise.

  mutable std::mutex mutex_;
  std::optional<Job> job_;
  std::optional<JobResult> result_;
  Reports reports_;
  Notices notices_;
  rd_kafka_t* committing_ = nullptr;    // The producer, while a commit may wait for brokers.
  std::atomic<bool> hurrying_ = false;  // Until the job under way has ended.
  std::atomic<bool> leaving_ = false;
  std::atomic<bool> wants_room_ = false;

  std::jthread worker_;
};

}  // namespace outrider::kafka
