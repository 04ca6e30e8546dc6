// A client that does what a test says, instead of a cluster; used by the tests of the Kafka sink.
#pragma once

#include "connectors/kafka/client.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace outrider::kafka::testing {

/// Remembers what the sink asked for; a test answers with finish() and the report functions. One
/// thread; a test keeps a pointer to the client that it gave to a sink.
class ScriptedClient final : public Client {
 public:
  struct ProducedRecord {
    std::string topic;
    std::uint32_t tag = 0;
    std::uint32_t offset = 0;
  };

  /// The job under way; null if there is none of this kind.
  template <typename Kind>
  const Kind* job() const {
    return job_ ? std::get_if<Kind>(&*job_) : nullptr;
  }
  /// The job under way ends with this result.
  void finish(JobResult result) { result_ = std::move(result); }

  /// Topics that TopicJobs find; any other is found with these facts.
  void set_topic(const std::string& name, TopicFacts facts) { topics_[name] = facts; }
  /// Ends the TopicJob under way.
  void finish_topic() {
    const auto known = topics_.find(job<TopicJob>()->topic);
    finish(known != topics_.end() ? known->second : default_topic());
  }
  static TopicFacts default_topic() {
    return {.handle = 1,
            .partitions = 3,
            .record_bytes_max = kBatchBytesMax,
            .topic_bytes_max = 1'048'588};
  }

  void refuse_produce(Produced answer, ClientError error = {}) {
    next_answer_ = answer;
    last_error_ = std::move(error);
  }
  /// Everything produced so far and not yet acknowledged is acknowledged at the next take.
  void acknowledge_records() {
    for (const auto& [tag, records] : std::exchange(unacknowledged_, {})) {
      reports_.acknowledged.push_back({.tag = tag, .records = records});
    }
  }
  void acknowledge(std::uint32_t tag, std::uint64_t records) {
    reports_.acknowledged.push_back({.tag = tag, .records = records});
    unacknowledged_.erase(tag);
  }
  void acknowledge_checkpoint() { acknowledge(checkpoint_tag_, 1); }
  void fail_record(std::uint32_t tag, std::uint32_t offset, ClientError error) {
    if (!reports_.failed) {
      reports_.failed = Reports::Failed{.tag = tag, .offset = offset, .error = std::move(error)};
    }
    ++reports_.failures;
  }

  /// As asked for by the last OpenJob.
  std::size_t batch_bytes_max() const { return batch_bytes_max_; }
  const std::vector<ProducedRecord>& records() const { return records_; }
  /// Checkpoints written outside transactions.
  const std::vector<std::string>& checkpoints() const { return checkpoints_; }
  /// Jobs in the order of their submission, by name.
  const std::vector<std::string>& history() const { return history_; }
  std::size_t commits() const {
    return static_cast<std::size_t>(std::ranges::count(history_, "commit"));
  }

  void submit(Job job) override {
    static constexpr const char* kNames[] = {"look",  "open",   "recommit", "topic",
                                             "count", "commit", "close"};
    history_.emplace_back(kNames[job.index()]);
    if (const auto* open = std::get_if<OpenJob>(&job)) batch_bytes_max_ = open->batch_bytes_max;
    job_ = std::move(job);
  }
  bool busy() const override { return job_.has_value(); }
  void hurry() override { history_.emplace_back("hurry"); }
  std::optional<JobResult> take_result() override {
    if (!result_) return std::nullopt;
    job_.reset();
    return std::exchange(result_, std::nullopt);
  }
  Produced produce(const Record& record, int, std::uint32_t tag, std::uint32_t offset) override {
    if (const Produced answer = std::exchange(next_answer_, Produced::Taken);
        answer != Produced::Taken) {
      return answer;
    }
    records_.push_back({.topic = std::string(record.topic), .tag = tag, .offset = offset});
    ++unacknowledged_[tag];
    return Produced::Taken;
  }
  Produced produce_checkpoint(std::string_view value, std::uint32_t tag) override {
    if (const Produced answer = std::exchange(next_answer_, Produced::Taken);
        answer != Produced::Taken) {
      return answer;
    }
    checkpoints_.emplace_back(value);
    checkpoint_tag_ = tag;
    return Produced::Taken;
  }
  const ClientError& last_error() const override { return last_error_; }
  Reports take_reports() override { return std::exchange(reports_, {}); }
  int wake_fd() const override { return 0; }
  void lower_wake() override {}
  Notices take_notices() override { return {}; }

 private:
  std::optional<Job> job_;
  std::optional<JobResult> result_;
  std::size_t batch_bytes_max_ = 0;
  std::map<std::string, TopicFacts> topics_;
  Produced next_answer_ = Produced::Taken;
  ClientError last_error_;
  Reports reports_;
  std::map<std::uint32_t, std::uint64_t> unacknowledged_;
  std::uint32_t checkpoint_tag_ = 0;
  std::vector<ProducedRecord> records_;
  std::vector<std::string> checkpoints_;
  std::vector<std::string> history_;
};

}  // namespace outrider::kafka::testing
