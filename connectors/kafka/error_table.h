// What an error of a Kafka client means for the relay. Pure. Used by the Kafka sink and its client.
#pragma once

#include "relay/base/error.h"

#include <string>
#include <string_view>

namespace outrider::kafka {

/// An error as librdkafka tells it (rd_kafka_error_t): negative codes are the client's own, others
/// come from the broker (see Kafka protocol guide, Error Codes).
struct ClientError {
  int code = 0;
  std::string text = {};
  bool is_fatal = false;        ///< The producer can do nothing any more.
  bool is_retriable = false;    ///< The same call may succeed later.
  bool requires_abort = false;  ///< Only the transaction is lost.
};

/// True if the same call should simply be made again: it resumes.
bool should_call_again(const ClientError& error);

/// True if it only says that the transaction had failed before: the cause is another error.
bool is_consequence(const ClientError& error);

/// The error for the pipeline. `act` says what was tried ("commit the transaction"). The order of
/// the tests matters: fencing may look like an abort, an abort like a retry.
Error to_error(const ClientError& error, std::string_view act);

/// How errors are counted.
enum class ErrorClass { Retriable, Abortable, Fatal, Fenced, Record };
ErrorClass classify(const ClientError& error);

}  // namespace outrider::kafka
