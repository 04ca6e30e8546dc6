#include "connectors/kafka/librdkafka_admin.h"

#include "connectors/kafka/librdkafka_config.h"

#include <algorithm>
#include <array>
#include <span>
#include <thread>
#include <utility>

namespace outrider::kafka {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kAnswerTimeoutMs = 10'000;
constexpr auto kCreationTimeout = 15s;
constexpr auto kPollInterval = 50ms;

Answer<ClientEvent> answer_to(rd_kafka_queue_t* queue, const std::string& act) {
  ClientEvent event(rd_kafka_queue_poll(queue, kAnswerTimeoutMs));
  if (!event) return failed_job(RD_KAFKA_RESP_ERR__TIMED_OUT, act);
  if (const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get())) {
    return failed_job(ClientError{.code = code, .text = rd_kafka_event_error_string(event.get())},
                      act);
  }
  return event;
}

enum class Creation { Real, OnlyTried };

std::string act_of_look_up(const std::string& topic) { return "look up topic \"" + topic + "\""; }
std::string act_of(const TopicPlan& plan) { return "create topic \"" + plan.name + "\""; }

Answer<void> request_topic(rd_kafka_t* handle, const TopicPlan& plan, Creation creation) {
  const std::string act = act_of(plan);
  std::array<char, 512> reason{};
  NewTopic topic(rd_kafka_NewTopic_new(plan.name.c_str(), plan.partitions, plan.replication,
                                       reason.data(), reason.size()));
  if (!topic) {
    return failed_job(ClientError{.code = RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, .text = reason.data()},
                      act);
  }
  for (const auto& [name, value] : plan.settings) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  const AdminOptions options(rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_validate_only(options.get(), creation == Creation::OnlyTried ? 1 : 0,
                                          reason.data(), reason.size());
  const Queue queue(rd_kafka_queue_new(handle));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(handle, topics, 1, options.get(), queue.get());
  OUTRIDER_TRY(const ClientEvent event, answer_to(queue.get(), act));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      continue;
    }
    const char* text = rd_kafka_topic_result_error_string(results[i]);
    return failed_job(ClientError{.code = code, .text = text == nullptr ? "" : text}, act);
  }
  return {};
}

}  // namespace

std::unexpected<JobFailure> failed_job(ClientError error, std::string act) {
  return std::unexpected(JobFailure{.error = std::move(error), .act = std::move(act)});
}

std::unexpected<JobFailure> failed_job(rd_kafka_resp_err_t code, std::string act) {
  return failed_job(error_of(code), std::move(act));
}

Answer<TopicPartitions> look_up_topic(rd_kafka_t* handle, const std::string& topic) {
  const std::string act = act_of_look_up(topic);
  const Topic object(rd_kafka_topic_new(handle, topic.c_str(), nullptr));
  if (!object) return failed_job(rd_kafka_last_error(), act);
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(handle, 0, object.get(), &raw, kAnswerTimeoutMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed_job(code, act);
  const Metadata metadata(raw);
  if (metadata->topic_cnt != 1) return failed_job(RD_KAFKA_RESP_ERR__BAD_MSG, act);
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  TopicPartitions partitions{.count = found.partition_cnt};
  switch (found.err) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return TopicPartitions{};
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
      partitions.leaderless = 1;
      break;
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      break;
    default:
      return failed_job(found.err, act);
  }
  const std::span all(found.partitions, static_cast<std::size_t>(found.partition_cnt));
  if (all.empty()) return partitions;
  using Partition = rd_kafka_metadata_partition_t;
  const auto led = std::ranges::count_if(all, [](const Partition& one) { return one.leader >= 0; });
  partitions.leaderless = std::max(partitions.leaderless, partitions.count - static_cast<int>(led));
  partitions.replicas = std::ranges::min(all, {}, &Partition::replica_cnt).replica_cnt;
  partitions.in_sync = std::ranges::min(all, {}, &Partition::isr_cnt).isr_cnt;
  return partitions;
}

Answer<int> partitions_of(rd_kafka_t* handle, const std::string& topic) {
  OUTRIDER_TRY(const TopicPartitions found, look_up_topic(handle, topic));
  if (found.leaderless == 0) return found.count;
  return failed_job(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, act_of_look_up(topic));
}

Answer<int> create_topic(rd_kafka_t* handle, const TopicPlan& plan) {
  OUTRIDER_TRY(request_topic(handle, plan, Creation::Real));
  // The controller answers before every broker knows the topic and its leaders.
  const auto deadline = Clock::now() + kCreationTimeout;
  while (true) {
    Answer<int> partitions = partitions_of(handle, plan.name);
    if (partitions && *partitions > 0) return partitions;
    if (Clock::now() >= deadline) {
      return partitions ? failed_job(RD_KAFKA_RESP_ERR__TIMED_OUT, act_of(plan)) : partitions;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

Answer<void> try_to_create_topic(rd_kafka_t* handle, const TopicPlan& plan) {
  return request_topic(handle, plan, Creation::OnlyTried);
}

Answer<std::map<std::string, std::string>> settings_of(rd_kafka_t* handle,
                                                       rd_kafka_ResourceType_t type,
                                                       const std::string& name) {
  const bool is_topic = type == RD_KAFKA_RESOURCE_TOPIC;
  const std::string act = is_topic ? "describe topic \"" + name + "\"" : "describe broker " + name;
  const ConfigResource resource(rd_kafka_ConfigResource_new(type, name.c_str()));
  const Queue queue(rd_kafka_queue_new(handle));
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  rd_kafka_DescribeConfigs(handle, resources, 1, nullptr, queue.get());
  OUTRIDER_TRY(const ClientEvent event, answer_to(queue.get(), act));
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1) return failed_job(RD_KAFKA_RESP_ERR__BAD_MSG, act);
  if (const rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(results[0])) {
    return failed_job(code, act);
  }
  std::size_t entries = 0;
  const rd_kafka_ConfigEntry_t** settings = rd_kafka_ConfigResource_configs(results[0], &entries);
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < entries; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(settings[i]);
    values.emplace(rd_kafka_ConfigEntry_name(settings[i]), value == nullptr ? "" : value);
  }
  return values;
}

Answer<std::string> topic_setting(rd_kafka_t* handle, const std::string& topic,
                                  const std::string& name) {
  OUTRIDER_TRY(auto settings, settings_of(handle, RD_KAFKA_RESOURCE_TOPIC, topic));
  return settings[name];
}

}  // namespace outrider::kafka
