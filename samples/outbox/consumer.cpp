#include "samples/outbox/consumer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace outbox {
namespace {

using namespace std::chrono_literals;

constexpr int kPollMs = 200;
constexpr auto kPauseFirst = 100ms;
constexpr auto kPauseMost = std::chrono::milliseconds(5s);

std::string header(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return value == nullptr ? std::string() : std::string(static_cast<const char*>(value), size);
}

Message message_of(const rd_kafka_message_t& received) {
  Message message{.id = header(received, "id"),
                  .type = header(received, "eventType"),
                  .topic = rd_kafka_topic_name(received.rkt),
                  .partition = received.partition,
                  .offset = received.offset};
  if (received.key != nullptr) {
    message.key.emplace(static_cast<const char*>(received.key), received.key_len);
  }
  if (received.payload != nullptr) {
    message.payload.assign(static_cast<const char*>(received.payload), received.len);
  }
  return message;
}

/// Ends early when the thread is asked to stop.
void pause(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

/// A client of Kafka that is not subscribed to anything.
Result<rd_kafka_t*> make_client(const Consumer::Options& options) {
  const std::array<std::pair<const char*, std::string>, 8> settings = {{
      {"bootstrap.servers", options.bootstrap_servers},
      {"group.id", options.group},
      // Outrider publishes in Kafka transactions: aborted records must not be seen.
      {"isolation.level", "read_committed"},
      // What is_done() stored is committed, every few seconds and at the end.
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "earliest"},
      // One that was killed holds its partitions no longer than this.
      {"session.timeout.ms", "6000"},
      {"heartbeat.interval.ms", "2000"},
      // A topic that comes into being after the service is found within so many milliseconds.
      {"topic.metadata.refresh.interval.ms", "5000"},
  }};
  std::array<char, 512> reason{};
  rd_kafka_conf_t* const configuration = rd_kafka_conf_new();
  bool is_taken = true;
  for (const auto& [name, value] : settings) {
    is_taken = is_taken && rd_kafka_conf_set(configuration, name, value.c_str(), reason.data(),
                                             reason.size()) == RD_KAFKA_CONF_OK;
  }
  rd_kafka_t* const client =
      is_taken ? rd_kafka_new(RD_KAFKA_CONSUMER, configuration, reason.data(), reason.size())
               : nullptr;
  if (client != nullptr) return client;
  // Only a client that was made has taken it over.
  rd_kafka_conf_destroy(configuration);
  return failure(ErrorKind::Misconfigured, std::string("Kafka: ") + reason.data());
}

Result<void> subscribe(rd_kafka_t* client, const std::vector<std::string>& names) {
  rd_kafka_topic_partition_list_t* const topics = rd_kafka_topic_partition_list_new(1);
  for (const std::string& name : names) {
    rd_kafka_topic_partition_list_add(topics, name.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return failure(ErrorKind::Misconfigured,
                 std::string("Kafka: subscribe: ") + rd_kafka_err2str(error));
}

/// The group goes on after this message. If that is lost it is repeated, which the inbox knows.
void is_done(rd_kafka_t* client, const rd_kafka_message_t& message) {
  rd_kafka_topic_partition_list_t* const next = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(next, rd_kafka_topic_name(message.rkt), message.partition)
      ->offset = message.offset + 1;
  static_cast<void>(rd_kafka_offsets_store(client, next));
  rd_kafka_topic_partition_list_destroy(next);
}

}  // namespace

void Consumer::Destroy::operator()(rd_kafka_s* client) const {
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
}

Result<std::unique_ptr<Consumer>> Consumer::start(Options options, Inbox& inbox) {
  OUTRIDER_TRY(rd_kafka_t* const client, make_client(options));
  std::unique_ptr<Consumer> consumer(new Consumer(std::move(options), inbox));
  consumer->client_.reset(client);
  rd_kafka_poll_set_consumer(client);
  OUTRIDER_TRY(subscribe(client, consumer->options_.topics));
  consumer->thread_ =
      std::jthread([raw = consumer.get()](const std::stop_token& stop) { raw->run(stop); });
  return consumer;
}

Consumer::~Consumer() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Consumer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> message(
        rd_kafka_consumer_poll(client_.get(), kPollMs), rd_kafka_message_destroy);
    // Errors here are news about brokers and topics; librdkafka goes on by itself.
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) handle(*message, stop);
  }
}

void Consumer::handle(const rd_kafka_message_t& received, const std::stop_token& stop) {
  const Message message = message_of(received);
  std::chrono::milliseconds wait = kPauseFirst;
  while (!stop.stop_requested()) {
    const Result<Handled> handled = inbox_.handle(message);
    if (handled) {
      options_.done(message, *handled);
      if (*handled == Handled::Parked) {
        options_.log("parked " + message.type + " of " + message.topic + "/" +
                     std::to_string(message.partition) + "/" + std::to_string(message.offset) +
                     "; the reason is in table parked_event");
      }
      is_done(client_.get(), received);
      return;
    }
    options_.log("waits for the database: " + handled.error().what);
    pause(wait, stop);
    wait = std::min(wait * 2, kPauseMost);
  }
}

}  // namespace outbox
