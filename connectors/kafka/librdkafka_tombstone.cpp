#include "connectors/kafka/librdkafka_tombstone.h"

#include "connectors/kafka/client.h"
#include "connectors/kafka/librdkafka_admin.h"
#include "connectors/kafka/librdkafka_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace outrider::kafka {
namespace {

constexpr int kTimeoutMs = 30'000;
constexpr auto kAct = "write a tombstone for the checkpoint";

std::unexpected<Error> failed(const ClientError& error, std::string_view act) {
  return std::unexpected(to_error(error, act));
}

void note_report(rd_kafka_t*, const rd_kafka_message_t* message, void* outcome) {
  *static_cast<rd_kafka_resp_err_t*>(outcome) = message->err;
}

/// `outcome` becomes that of the last record; it outlives the producer.
Result<Handle> make_producer(const Options& options, std::string_view transactional_id,
                             rd_kafka_resp_err_t& outcome) {
  OUTRIDER_TRY(Configuration configuration,
               producer_configuration(options, transactional_id, kBatchBytesMax));
  rd_kafka_conf_set_opaque(configuration.get(), &outcome);
  rd_kafka_conf_set_dr_msg_cb(configuration.get(), note_report);
  auto made = make_client(RD_KAFKA_PRODUCER, std::move(configuration));
  if (!made) return std::unexpected(to_error(made.error(), "make a Kafka producer"));
  return std::move(*made);
}

Result<void> send(const Handle& producer, const std::string& identity,
                  const rd_kafka_resp_err_t& outcome) {
  const Topic topic(rd_kafka_topic_new(producer.get(), identity.c_str(), nullptr));
  if (rd_kafka_produce(topic.get(), 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, identity.data(),
                       identity.size(), nullptr) != 0) {
    return failed(error_of(rd_kafka_last_error()), kAct);
  }
  const rd_kafka_resp_err_t flushed = rd_kafka_flush(producer.get(), kTimeoutMs);
  const rd_kafka_resp_err_t code = flushed == RD_KAFKA_RESP_ERR_NO_ERROR ? outcome : flushed;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  // Nothing is left behind that would be sent after the lock is gone.
  rd_kafka_purge(producer.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  return failed(error_of(producer.get(), code), kAct);
}

Result<void> settled(const Handle& producer, rd_kafka_error_t* raw, std::string_view act) {
  const ErrorObject error(raw);
  if (!error) return {};
  return failed(error_of(producer.get(), error.get()), act);
}

Result<void> send_in_transaction(const Options& options) {
  rd_kafka_resp_err_t outcome = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::vector<Handle> producers;
  // Both ids: with either a relay that was frozen could still commit.
  for (const std::string& id : transactional_ids(options.identity)) {
    OUTRIDER_TRY(Handle producer, make_producer(options, id, outcome));
    OUTRIDER_TRY(settled(producer, rd_kafka_init_transactions(producer.get(), kTimeoutMs),
                         "fence older producers of \"" + options.identity + "\""));
    producers.push_back(std::move(producer));
  }
  const Handle& producer = producers.front();
  OUTRIDER_TRY(settled(producer, rd_kafka_begin_transaction(producer.get()), kAct));
  OUTRIDER_TRY(send(producer, options.identity, outcome));
  return settled(producer, rd_kafka_commit_transaction(producer.get(), kTimeoutMs), kAct);
}

}  // namespace

Result<void> forget_checkpoint(const Options& options) {
  rd_kafka_resp_err_t outcome = RD_KAFKA_RESP_ERR_NO_ERROR;
  OUTRIDER_TRY(const Handle producer, make_producer(options, "", outcome));
  const Answer<int> partitions = partitions_of(producer.get(), options.identity);
  if (!partitions) return std::unexpected(partitions.error().to_error());
  if (*partitions == 0) return {};
  if (options.delivery == Delivery::ExactlyOnce) return send_in_transaction(options);
  return send(producer, options.identity, outcome);
}

}  // namespace outrider::kafka
