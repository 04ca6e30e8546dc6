// A client of the simulated Kafka behind connectors/kafka/client.h: what librdkafka and its worker
// do, in simulated time. Used by the world.
#pragma once

#include "connectors/kafka/client.h"
#include "connectors/kafka/options.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/kafka_cluster.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::simulation {

/// How often a client meets which fault: once in so many calls; 0: never.
struct ClientFaults {
  std::uint64_t queue_full = 0;
  std::uint64_t produce_fails = 0;  ///< producev fails without the transaction knowing.
  std::uint64_t batch_fails = 0;    ///< The brokers do not take a batch, for no fault of its own.
  std::uint64_t commit_fails = 0;   ///< Before the brokers took it.
  std::uint64_t response_lost = 0;  ///< The brokers took the commit; the client hears an error.
  std::uint64_t look_fails = 0;
  std::uint64_t open_fails = 0;
  std::uint64_t slow_response = 0;
};

class KafkaClient final : public std::enable_shared_from_this<KafkaClient> {
 public:
  using Produced = kafka::Client::Produced;

  /// `faults` outlives the client and may change.
  KafkaClient(Environment& environment, KafkaCluster& cluster, const ClientFaults& faults,
              kafka::Options options);
  /// The process dies: what is on its way arrives or not.
  void die();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  void submit(kafka::Job job);
  bool busy() const { return busy_; }
  void hurry();
  std::optional<kafka::JobResult> take_result();
  Produced produce(const Record& record, int topic_handle, std::uint32_t tag, std::uint32_t offset);
  Produced produce_checkpoint(std::string_view value, std::uint32_t tag);
  const kafka::ClientError& last_error() const { return last_error_; }
  kafka::Reports take_reports() { return std::exchange(reports_, {}); }
  int wake_fd() const { return wake_fd_; }
  void lower_wake() { raised_ = false; }

  /// The most records that waited in the producer at once.
  std::size_t queued_most() const { return queued_most_; }
  /// How often it fenced others.
  std::uint64_t fences() const { return fences_; }

 private:
  struct Queued {
    StoredRecord record;
    std::uint32_t tag = 0;
    std::uint32_t offset = 0;
  };
  struct Lane {  // One partition's records, in order; one batch is under way.
    std::deque<Queued> queue;
    bool is_sending = false;
  };
  struct Producer {
    std::string id;  // Empty outside transactions.
    int epoch = 0;
  };
  /// The producers from one OpenJob to its end; closures hold it, so that what was sent can arrive
  /// after its client is gone.
  struct Session {
    std::vector<Producer> producers;
    std::size_t current = 0;
    std::size_t batch_bytes_max = 0;
    std::map<TopicPartition, Lane> lanes;
    std::size_t queued = 0;
    std::optional<kafka::ClientError> failed;  // The transaction, or with is_fatal the producer.
    bool is_over = false;                      // Nobody hears responses any more.
    TimePoint over_at{};
    bool is_lost = false;  // What is still under way never arrives.
    Producer& producer() { return producers[current]; }
  };
  using SessionPointer = std::shared_ptr<Session>;

  void run(const kafka::LookJob& job);
  void run(const kafka::OpenJob& job);
  void run(const kafka::RecommitJob& job);
  void run(const kafka::TopicJob& job);
  void run(const kafka::CountJob& job);
  void run(const kafka::CommitJob& job);
  void run(const kafka::CloseJob& job);
  /// Runs `act` when the brokers can have heard of it, unless the job has ended by then.
  void after_round_trip(std::function<void()> act);
  /// Like it, but fails the job after `patience` without brokers.
  void when_up(TimePoint give_up_at, const char* what, std::function<void()> act);
  void fence(std::size_t number, TimePoint give_up_at);
  void read_complete(TimePoint give_up_at);
  void ensure_checkpoint_topic();
  kafka::CheckpointFacts checkpoint_facts() const;
  void finish(kafka::JobResult result);
  void fail(kafka::ClientError error, const char* what);

  Produced enqueue(TopicPartition place, Queued queued);
  void send(const TopicPartition& place);
  void arrive(const SessionPointer& session, const TopicPartition& place, std::size_t producer,
              std::vector<Queued> batch);
  void respond(const SessionPointer& session, const TopicPartition& place,
               const std::vector<Queued>& batch, const std::optional<kafka::ClientError>& error);
  std::optional<kafka::ClientError> error_of_batch(int code);
  void continue_commit();
  void end_transaction(const SessionPointer& session, bool is_heard);
  void answer_commit(int code);
  void purge();
  void settle(TimePoint give_up_at);
  void end_session();

  Duration latency();
  bool happens(std::uint64_t once_in);
  bool is_transactional() const { return options_.delivery == Delivery::ExactlyOnce; }
  void raise() { raised_ = true; }

  Environment& environment_;
  KafkaCluster& cluster_;
  const ClientFaults& faults_;
  const kafka::Options options_;
  int wake_fd_;
  bool raised_ = false;
  bool busy_ = false;
  bool hurrying_ = false;
  std::uint64_t job_number_ = 0;
  std::optional<kafka::JobResult> result_;
  kafka::Reports reports_;
  kafka::ClientError last_error_;
  SessionPointer session_;
  std::vector<std::string> topics_;
  bool is_flushing_ = false;  // A commit waits for its records.
  std::size_t queued_most_ = 0;
  std::uint64_t fences_ = 0;
  bool is_dead_ = false;
};

/// What a sink owns of its client. The client itself lives as long as anything of it is under way.
class KafkaClientHandle final : public kafka::Client {
 public:
  explicit KafkaClientHandle(std::shared_ptr<KafkaClient> client) : client_(std::move(client)) {}
  ~KafkaClientHandle() override { client_->die(); }
  KafkaClientHandle(const KafkaClientHandle&) = delete;
  KafkaClientHandle& operator=(const KafkaClientHandle&) = delete;

  void submit(kafka::Job job) override { client_->submit(std::move(job)); }
  bool busy() const override { return client_->busy(); }
  void hurry() override { client_->hurry(); }
  std::optional<kafka::JobResult> take_result() override { return client_->take_result(); }
  Produced produce(const Record& record, int topic_handle, std::uint32_t tag,
                   std::uint32_t offset) override {
    return client_->produce(record, topic_handle, tag, offset);
  }
  Produced produce_checkpoint(std::string_view value, std::uint32_t tag) override {
    return client_->produce_checkpoint(value, tag);
  }
  const kafka::ClientError& last_error() const override { return client_->last_error(); }
  kafka::Reports take_reports() override { return client_->take_reports(); }
  int wake_fd() const override { return client_->wake_fd(); }
  void lower_wake() override { client_->lower_wake(); }
  Notices take_notices() override { return {}; }

 private:
  std::shared_ptr<KafkaClient> client_;
};

}  // namespace outrider::simulation
