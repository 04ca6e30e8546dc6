#include "connectors/kafka/librdkafka_topic_reader.h"

#include "connectors/kafka/librdkafka_admin.h"
#include "connectors/kafka/librdkafka_config.h"

#include <algorithm>

namespace outrider::kafka {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kAnswerTimeoutMs = 10'000;
// How often a topic is looked for that is not there, or may have got more partitions.
constexpr auto kLookInterval = 1s;

std::optional<std::string> text_of(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(bytes), size);
}

SeenRecord copy(rd_kafka_message_t& message) {
  SeenRecord record{.partition = message.partition,
                    .offset = message.offset,
                    .key = text_of(message.key, message.key_len),
                    .value = text_of(message.payload, message.len),
                    .headers = {},
                    .timestamp = {}};
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t milliseconds = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
    record.timestamp = WallTime(std::chrono::milliseconds(milliseconds));
  }
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers.emplace_back(name, text_of(value, size).value_or(""));
  }
  return record;
}

// What passes by itself, or says only that there is nothing more for now.
bool is_passing(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
         code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE;
}

}  // namespace

std::optional<std::string> SeenRecord::header(const std::string& name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& each) { return each.first; });
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

Result<std::unique_ptr<TopicReader>> TopicReader::open(const Options& options, std::string topic,
                                                       Begin begin) {
  OUTRIDER_TRY(Configuration configuration,
               reader_configuration(options, Isolation::ReadCommitted));
  auto made = make_client(RD_KAFKA_CONSUMER, std::move(configuration));
  if (!made) return std::unexpected(to_error(made.error(), "make a Kafka consumer"));
  std::unique_ptr<TopicReader> reader(new TopicReader(std::move(*made), std::move(topic)));
  OUTRIDER_TRY(reader->begin_new_partitions(begin));
  return reader;
}

TopicReader::~TopicReader() {
  for (int partition = 0; partition < partitions_; ++partition) {
    rd_kafka_consume_stop(topic_.get(), partition);
  }
}

Result<void> TopicReader::begin_new_partitions(Begin begin) {
  looked_at_ = Clock::now();
  const std::string act = "read topic \"" + name_ + "\"";
  const Answer<int> found = partitions_of(handle_.get(), name_);
  if (!found) return std::unexpected(found.error().to_error());
  if (!topic_) topic_.reset(rd_kafka_topic_new(handle_.get(), name_.c_str(), nullptr));
  for (; partitions_ < *found; ++partitions_) {
    std::int64_t offset = RD_KAFKA_OFFSET_BEGINNING;
    std::int64_t low = 0;
    if (begin == Begin::End) {
      const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
          handle_.get(), name_.c_str(), partitions_, &low, &offset, kAnswerTimeoutMs);
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(to_error(error_of(code), act));
    }
    if (rd_kafka_consume_start_queue(topic_.get(), partitions_, offset, queue_.get()) != 0) {
      return std::unexpected(to_error(error_of(rd_kafka_last_error()), act));
    }
  }
  return {};
}

Result<std::optional<SeenRecord>> TopicReader::next(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    if (Clock::now() - looked_at_ >= kLookInterval) {
      OUTRIDER_TRY(begin_new_partitions(Begin::Earliest));
    }
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto glance = std::clamp<std::chrono::milliseconds>(rest, 0ms, kLookInterval);
    const Message message(rd_kafka_consume_queue(queue_.get(), static_cast<int>(glance.count())));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return copy(*message);
    if (message && !is_passing(message->err)) {
      return std::unexpected(to_error(error_of(message->err), "read topic \"" + name_ + "\""));
    }
    if (Clock::now() >= deadline) return std::nullopt;
  }
}

}  // namespace outrider::kafka
