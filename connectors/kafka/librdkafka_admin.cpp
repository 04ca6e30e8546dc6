#include "connectors/kafka/librdkafka_admin.h"

#include "connectors/kafka/librdkafka_config.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace outrider::kafka {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kAnswerTimeoutMs = 10'000;
constexpr auto kCreationTimeout = 15s;
constexpr auto kPollInterval = 50ms;

std::unexpected<JobFailure> failed(ClientError error, std::string act) {
  return std::unexpected(JobFailure{.error = std::move(error), .act = std::move(act)});
}

std::unexpected<JobFailure> failed(rd_kafka_resp_err_t code, std::string act) {
  return failed(error_of(code), std::move(act));
}

Answer<ClientEvent> answer_to(rd_kafka_queue_t* queue, const std::string& act) {
  ClientEvent event(rd_kafka_queue_poll(queue, kAnswerTimeoutMs));
  if (!event) return failed(RD_KAFKA_RESP_ERR__TIMED_OUT, act);
  if (const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get())) {
    return failed(ClientError{.code = code, .text = rd_kafka_event_error_string(event.get())}, act);
  }
  return event;
}

}  // namespace

Answer<int> partitions_of(rd_kafka_t* handle, const std::string& topic) {
  const std::string act = "look up topic \"" + topic + "\"";
  const Topic object(rd_kafka_topic_new(handle, topic.c_str(), nullptr));
  if (!object) return failed(rd_kafka_last_error(), act);
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(handle, 0, object.get(), &raw, kAnswerTimeoutMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(code, act);
  const Metadata metadata(raw);
  if (metadata->topic_cnt != 1) return failed(RD_KAFKA_RESP_ERR__BAD_MSG, act);
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  switch (found.err) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return 0;
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
      break;
    default:
      return failed(found.err, act);
  }
  const bool led = std::all_of(found.partitions, found.partitions + found.partition_cnt,
                               [](const auto& partition) { return partition.leader >= 0; });
  if (!led || found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, act);
  }
  return found.partition_cnt;
}

Answer<int> create_topic(rd_kafka_t* handle, const TopicPlan& plan) {
  const std::string act = "create topic \"" + plan.name + "\"";
  std::array<char, 512> reason{};
  NewTopic topic(rd_kafka_NewTopic_new(plan.name.c_str(), plan.partitions, plan.replication,
                                       reason.data(), reason.size()));
  if (!topic) {
    return failed(ClientError{.code = RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, .text = reason.data()},
                  act);
  }
  for (const auto& [name, value] : plan.settings) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  const Queue queue(rd_kafka_queue_new(handle));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(handle, topics, 1, nullptr, queue.get());
  auto event = answer_to(queue.get(), act);
  if (!event) return std::unexpected(std::move(event).error());
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      continue;
    }
    const char* text = rd_kafka_topic_result_error_string(results[i]);
    return failed(ClientError{.code = code, .text = text == nullptr ? "" : text}, act);
  }
  // The controller answers before every broker knows the topic and its leaders.
  const auto deadline = Clock::now() + kCreationTimeout;
  while (true) {
    Answer<int> partitions = partitions_of(handle, plan.name);
    if (partitions && *partitions > 0) return partitions;
    if (Clock::now() >= deadline) {
      return partitions ? failed(RD_KAFKA_RESP_ERR__TIMED_OUT, act) : partitions;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

Answer<std::string> topic_setting(rd_kafka_t* handle, const std::string& topic,
                                  const std::string& name) {
  const std::string act = "describe topic \"" + topic + "\"";
  const ConfigResource resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const Queue queue(rd_kafka_queue_new(handle));
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  rd_kafka_DescribeConfigs(handle, resources, 1, nullptr, queue.get());
  auto event = answer_to(queue.get(), act);
  if (!event) return std::unexpected(std::move(event).error());
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return failed(RD_KAFKA_RESP_ERR__BAD_MSG, act);
  if (const rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(results[0])) {
    return failed(code, act);
  }
  std::size_t entries = 0;
  const rd_kafka_ConfigEntry_t** settings = rd_kafka_ConfigResource_configs(results[0], &entries);
  for (std::size_t i = 0; i < entries; ++i) {
    if (rd_kafka_ConfigEntry_name(settings[i]) != name) continue;
    const char* value = rd_kafka_ConfigEntry_value(settings[i]);
    return std::string(value == nullptr ? "" : value);
  }
  return std::string();
}

}  // namespace outrider::kafka
