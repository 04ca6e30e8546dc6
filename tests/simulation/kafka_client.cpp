// The jobs of the simulated client; records and commits are in kafka_client_produce.cpp.
#include "tests/simulation/kafka_client.h"

#include "relay/base/assert.h"

#include <array>
#include <variant>

namespace outrider::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAnswerTimeout = 10s;
constexpr Duration kFenceTimeout = 30s;
constexpr Duration kReadTimeout = 10s;
constexpr Duration kAbortTimeout = 5s;
constexpr Duration kRetryInterval = 100ms;
constexpr std::size_t kPartitions = 3;

// What librdkafka says of a producer that could not begin.
const std::array kOpenErrors = {
    kafka::ClientError{.code = -185, .text = "timed out", .is_retriable = true},
    kafka::ClientError{.code = 51, .text = "concurrent transactions", .is_retriable = true},
    kafka::ClientError{
        .code = 53, .text = "transactional id authorization failed", .is_fatal = true},
};

kafka::ClientError nobody_answers() {
  return {.code = -195, .text = "broker transport failure", .is_retriable = true};
}

}  // namespace

KafkaClient::KafkaClient(Environment& environment, KafkaCluster& cluster,
                         const ClientFaults& faults, kafka::Options options)
    : environment_(environment),
      cluster_(cluster),
      faults_(faults),
      options_(std::move(options)),
      wake_fd_(environment.descriptors.add(
          [this](const Wake::Descriptor& wanted) { return wanted.read && raised_; })) {}

void KafkaClient::die() {
  is_dead_ = true;
  end_session();
  environment_.descriptors.remove(wake_fd_);
}

void KafkaClient::submit(kafka::Job job) {
  OUTRIDER_ASSERT(!busy_, "one job at a time");
  busy_ = true;
  hurrying_ = false;
  ++job_number_;
  std::visit([this](const auto& concrete) { run(concrete); }, job);
}

void KafkaClient::hurry() {
  hurrying_ = true;
  if (is_flushing_) purge();
}

std::optional<kafka::JobResult> KafkaClient::take_result() {
  if (!result_) return std::nullopt;
  busy_ = false;
  return std::exchange(result_, std::nullopt);
}

Duration KafkaClient::latency() {
  return happens(faults_.slow_response) ? environment_.random.between(100ms, 2s)
                                        : environment_.random.between(100us, 4ms);
}

bool KafkaClient::happens(std::uint64_t once_in) {
  return once_in != 0 && environment_.random.once_in(once_in);
}

void KafkaClient::after_round_trip(std::function<void()> act) {
  cluster_.timers().at(
      environment_.clock.steady + latency(),
      [this, self = shared_from_this(), number = job_number_, act = std::move(act)] {
        if (!is_dead_ && busy_ && number == job_number_) act();
      });
}

void KafkaClient::when_up(TimePoint give_up_at, const char* what, std::function<void()> act) {
  after_round_trip([this, give_up_at, what, act = std::move(act)] {
    if (cluster_.is_up()) {
      act();
      return;
    }
    if (hurrying_ || environment_.clock.steady >= give_up_at) {
      fail(nobody_answers(), what);
      return;
    }
    cluster_.timers().at(
        environment_.clock.steady + kRetryInterval,
        [this, self = shared_from_this(), number = job_number_, give_up_at, what, act] {
          if (!is_dead_ && busy_ && number == job_number_) {
            when_up(give_up_at, what, act);
          }
        });
  });
}

void KafkaClient::finish(kafka::JobResult result) {
  result_ = std::move(result);
  is_flushing_ = false;
  raise();
}

void KafkaClient::fail(kafka::ClientError error, const char* what) {
  finish(kafka::JobFailure{.error = std::move(error), .act = what});
}

void KafkaClient::ensure_checkpoint_topic() {
  if (cluster_.topic(options_.identity).partitions == 0) {
    cluster_.create_topic(options_.identity, 1, "compact");
  }
}

kafka::CheckpointFacts KafkaClient::checkpoint_facts() const {
  const KafkaCluster::Topic topic = cluster_.topic(options_.identity);
  KafkaCluster::Tail tail = cluster_.read_committed(options_.identity, options_.identity);
  return {.partitions = static_cast<int>(topic.partitions),
          .cleanup_policy = topic.cleanup_policy,
          .records = std::move(tail.records),
          .is_complete = tail.is_complete};
}

void KafkaClient::run(const kafka::LookJob&) {
  when_up(environment_.clock.steady + kAnswerTimeout, "read the checkpoint topic", [this] {
    if (happens(faults_.look_fails)) {
      fail(nobody_answers(), "read the checkpoint topic");
      return;
    }
    ensure_checkpoint_topic();
    finish(checkpoint_facts());
  });
}

void KafkaClient::run(const kafka::OpenJob& job) {
  session_ = std::make_shared<Session>();
  session_->batch_bytes_max = job.batch_bytes_max;
  topics_.clear();
  if (is_transactional()) {
    session_->producers = {{.id = options_.identity + "/1"}, {.id = options_.identity + "/2"}};
    fence(0, environment_.clock.steady + kFenceTimeout);
  } else {
    session_->producers.resize(1);
    read_complete(environment_.clock.steady + kReadTimeout);
  }
}

void KafkaClient::fence(std::size_t number, TimePoint give_up_at) {
  when_up(give_up_at, "fence older producers", [this, number, give_up_at] {
    Producer& producer = session_->producers[number];
    if (producer.epoch == 0) {
      if (happens(faults_.open_fails)) {
        fail(kOpenErrors[environment_.random.below(kOpenErrors.size())], "fence older producers");
        return;
      }
      producer.epoch = cluster_.fence(producer.id);
      ++fences_;
    }
    if (!cluster_.is_settled(producer.id)) {
      if (hurrying_ || environment_.clock.steady >= give_up_at) {
        fail(nobody_answers(), "fence older producers");
      } else {
        fence(number, give_up_at);
      }
      return;
    }
    if (number + 1 < session_->producers.size()) {
      fence(number + 1, give_up_at);
    } else {
      read_complete(environment_.clock.steady + kReadTimeout);
    }
  });
}

void KafkaClient::read_complete(TimePoint give_up_at) {
  when_up(give_up_at, "read the checkpoint topic", [this, give_up_at] {
    ensure_checkpoint_topic();
    kafka::CheckpointFacts facts = checkpoint_facts();
    if (!facts.is_complete && environment_.clock.steady < give_up_at && !hurrying_) {
      read_complete(give_up_at);
      return;
    }
    finish(std::move(facts));
  });
}

// These brokers do not forget what they have acknowledged: nothing of ours stays hidden.
void KafkaClient::run(const kafka::RecommitJob&) {
  OUTRIDER_ASSERT(false, "no commit is to be repeated");
}

void KafkaClient::run(const kafka::TopicJob& job) {
  when_up(environment_.clock.steady + kAnswerTimeout, "look at a topic", [this, name = job.topic] {
    if (cluster_.topic(name).partitions == 0) {
      if (!options_.create_topics) {
        finish(kafka::TopicFacts{});
        return;
      }
      cluster_.create_topic(name, kPartitions, "delete");
    }
    const KafkaCluster::Topic topic = cluster_.topic(name);
    topics_.push_back(name);
    finish(kafka::TopicFacts{
        .handle = static_cast<int>(topics_.size()) - 1,
        .partitions = static_cast<int>(topic.partitions),
        .record_bytes_max = std::min(topic.batch_bytes_max, kafka::kBatchBytesMax),
        .topic_bytes_max = topic.batch_bytes_max});
  });
}

void KafkaClient::run(const kafka::CountJob& job) {
  when_up(environment_.clock.steady + kAnswerTimeout, "look at a topic", [this, name = job.topic] {
    finish(kafka::PartitionCount{static_cast<int>(cluster_.topic(name).partitions)});
  });
}

void KafkaClient::run(const kafka::CloseJob&) {
  if (session_ && !is_transactional()) {
    purge();
    settle(environment_.clock.steady + kAbortTimeout);
    return;
  }
  if (!session_ || (session_->failed && session_->failed->is_fatal)) {
    end_session();
    after_round_trip([this] { finish(kafka::Done{}); });
    return;
  }
  purge();
  const Producer producer = session_->producer();
  // An abort waits for what is under way; nothing of it arrives afterwards.
  session_->is_lost = true;
  cluster_.timers().at(environment_.clock.steady + latency(), [this, self = shared_from_this(),
                                                               producer] {
    if (is_dead_) return;
    if (cluster_.is_up()) {
      static_cast<void>(cluster_.end(producer.id, producer.epoch, false));
    }
    end_session();
    cluster_.timers().at(environment_.clock.steady + (cluster_.is_up() ? latency() : kAbortTimeout),
                         [this, self] {
                           if (!is_dead_) finish(kafka::Done{});
                         });
  });
}

void KafkaClient::settle(TimePoint give_up_at) {
  after_round_trip([this, give_up_at] {
    if (session_->queued > 0 && environment_.clock.steady < give_up_at) {
      settle(give_up_at);
      return;
    }
    end_session();
    finish(kafka::Done{});
  });
}

void KafkaClient::end_session() {
  if (!session_) return;
  session_->is_over = true;
  session_->over_at = environment_.clock.steady;
  session_->is_lost = session_->is_lost || environment_.random.once_in(2);
  session_.reset();
  reports_ = {};
}

}  // namespace outrider::simulation
