#include "connectors/kafka/librdkafka_client.h"

#include "connectors/kafka/librdkafka_config.h"
#include "relay/base/assert.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <utility>

#if defined(__clang__)
// The arguments of rd_kafka_producev are checked by macros with statement expressions.
#pragma clang diagnostic ignored "-Wgnu-statement-expression-from-macro-expansion"
#endif

namespace outrider::kafka {
namespace {

int make_event() {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  OUTRIDER_ASSERT(fd >= 0, "an eventfd can be made");
  return fd;
}

void raise(int fd) {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const auto written = write(fd, &one, sizeof one);
}

void* opaque_of(std::uint32_t tag, std::uint32_t offset) {
  static_assert(sizeof(void*) == sizeof(std::uint64_t));
  return reinterpret_cast<void*>((std::uint64_t{tag} << 32) | offset);
}

std::int64_t milliseconds(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

/// A pointer that is not null even for an empty text: null means "no value".
void* bytes_of(std::string_view text) {
  return const_cast<char*>(text.data() == nullptr ? "" : text.data());
}

rd_kafka_headers_t* headers_of(const Record& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const Header& header : record.headers) {
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()),
                        header.value ? bytes_of(*header.value) : nullptr,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  }
  return headers;
}

}  // namespace

LibrdkafkaClient::LibrdkafkaClient(Options options)
    : options_(std::move(options)),
      wake_fd_(make_event()),
      work_fd_(make_event()),
      worker_([this] { work(); }) {}

LibrdkafkaClient::~LibrdkafkaClient() {
  leaving_ = true;
  hurry();
  raise(work_fd_);
  worker_.join();
  close(wake_fd_);
  close(work_fd_);
}

void LibrdkafkaClient::submit(Job job) {
  OUTRIDER_ASSERT(!busy_, "one job at a time");
  busy_ = true;
  hurrying_ = false;
  {
    const std::scoped_lock lock(mutex_);
    job_ = std::move(job);
  }
  raise(work_fd_);
}

void LibrdkafkaClient::hurry() {
  hurrying_ = true;
  const std::scoped_lock lock(mutex_);
  if (committing_ == nullptr) return;
  // A commit first waits for its records; without them it fails at once.
  rd_kafka_purge(committing_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                  RD_KAFKA_PURGE_F_NON_BLOCKING);
}

std::optional<JobResult> LibrdkafkaClient::take_result() {
  const std::scoped_lock lock(mutex_);
  if (!result_) return std::nullopt;
  busy_ = false;
  return std::exchange(result_, std::nullopt);
}

Client::Produced LibrdkafkaClient::produce(const Record& record, int topic_handle,
                                           std::uint32_t tag, std::uint32_t offset) {
  const Produced produced = try_produce(record, topic_handle, tag, offset);
  if (produced != Produced::QueueFull) return produced;
  wants_room_ = true;
  // The worker may have made room before it could see the wish; then nothing would wake us.
  return try_produce(record, topic_handle, tag, offset);
}

Client::Produced LibrdkafkaClient::try_produce(const Record& record, int topic_handle,
                                               std::uint32_t tag, std::uint32_t offset) {
  rd_kafka_headers_t* headers = headers_of(record);
  void* const key = record.key ? bytes_of(*record.key) : nullptr;
  const std::size_t key_bytes = record.key ? record.key->size() : 0;
  void* const value = record.value ? bytes_of(*record.value) : nullptr;
  const std::size_t value_bytes = record.value ? record.value->size() : 0;
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      current_handle(),
      RD_KAFKA_V_RKT(current().topics[static_cast<std::size_t>(topic_handle)].get()),
      RD_KAFKA_V_PARTITION(record.partition.value_or(RD_KAFKA_PARTITION_UA)),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_bytes),
      RD_KAFKA_V_VALUE(value, value_bytes), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_TIMESTAMP(milliseconds(record.timestamp)),
      RD_KAFKA_V_OPAQUE(opaque_of(tag, offset)), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Produced::Taken;
  rd_kafka_headers_destroy(headers);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Produced::QueueFull;
  last_error_ = error_of(current_handle(), error);
  return Produced::Failed;
}

Client::Produced LibrdkafkaClient::produce_checkpoint(std::string_view value, std::uint32_t tag) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
  if (const std::string& id = current().transactional_id; !id.empty()) {
    rd_kafka_header_add(headers, kProducerHeader, -1, id.data(), static_cast<ssize_t>(id.size()));
  }
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      current_handle(), RD_KAFKA_V_RKT(current().checkpoint_topic.get()), RD_KAFKA_V_PARTITION(0),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(bytes_of(options_.identity), options_.identity.size()),
      RD_KAFKA_V_VALUE(bytes_of(value), value.size()), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(opaque_of(tag, 0)), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Produced::Taken;
  rd_kafka_headers_destroy(headers);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    wants_room_ = true;
    return Produced::QueueFull;
  }
  last_error_ = error_of(current_handle(), error);
  return Produced::Failed;
}

Reports LibrdkafkaClient::take_reports() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(reports_, {});
}

void LibrdkafkaClient::lower_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(wake_fd_, &count, sizeof count);
}

Notices LibrdkafkaClient::take_notices() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(notices_, {});
}

void LibrdkafkaClient::raise_wake() const { raise(wake_fd_); }

}  // namespace outrider::kafka
