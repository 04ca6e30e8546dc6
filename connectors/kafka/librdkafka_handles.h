// Owners of librdkafka's handles, and its errors as ours; used by the librdkafka client alone.
#pragma once

#include "connectors/kafka/error_table.h"

#include <librdkafka/rdkafka.h>

#include <expected>
#include <memory>
#include <string>

namespace outrider::kafka {

template <auto Destroy>
struct DestroyWith {
  template <typename T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};

using Handle = std::unique_ptr<rd_kafka_t, DestroyWith<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, DestroyWith<rd_kafka_topic_destroy>>;
using Configuration = std::unique_ptr<rd_kafka_conf_t, DestroyWith<rd_kafka_conf_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, DestroyWith<rd_kafka_queue_destroy>>;
using ClientEvent = std::unique_ptr<rd_kafka_event_t, DestroyWith<rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, DestroyWith<rd_kafka_NewTopic_destroy>>;
using ConfigResource =
    std::unique_ptr<rd_kafka_ConfigResource_t, DestroyWith<rd_kafka_ConfigResource_destroy>>;
using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, DestroyWith<rd_kafka_AdminOptions_destroy>>;
using ErrorObject = std::unique_ptr<rd_kafka_error_t, DestroyWith<rd_kafka_error_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, DestroyWith<rd_kafka_metadata_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, DestroyWith<rd_kafka_message_destroy>>;

/// The error of a configuration that could not be made.
ClientError error_of_configuration(const Error& error);
/// The error of a call that only gives a code.
ClientError error_of(rd_kafka_resp_err_t code);
/// The same, for a call that says "fatal" and nothing more.
ClientError error_of(rd_kafka_t* handle, rd_kafka_resp_err_t code);
/// The error of a call that gives an object; takes the fatal error of the handle into account.
ClientError error_of(rd_kafka_t* handle, const rd_kafka_error_t* error);

/// A client that owns the configuration from then on.
std::expected<Handle, ClientError> make_client(rd_kafka_type_t type, Configuration configuration);

/// What librdkafka last said of brokers; heard through rd_kafka_conf_set_error_cb().
struct BrokerReason {
  int code = 0;
  std::string text = {};

  void hear(int said_code, const char* said);
};
/// The error of a call that nobody answered, with the reason.
ClientError explained(ClientError error, const BrokerReason& heard);

}  // namespace outrider::kafka
