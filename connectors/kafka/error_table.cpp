#include "connectors/kafka/error_table.h"

#include <algorithm>
#include <array>

namespace outrider::kafka {
namespace {

// Codes of librdkafka 2.0.2 (rdkafka.h, rd_kafka_resp_err_t); librdkafka_handles.cpp asserts them.
constexpr int kState = -172;
constexpr int kFenced = -144;
constexpr int kInvalidProducerEpoch = 47;
constexpr int kProducerFenced = 90;

// The record itself cannot be taken, now or later.
constexpr std::array kRecordCodes = {
    10,  // MSG_SIZE_TOO_LARGE
    18,  // RECORD_LIST_TOO_LARGE
    32,  // INVALID_TIMESTAMP
    87,  // INVALID_RECORD
};
// The cluster says that we may not.
constexpr std::array kDeniedCodes = {
    29,    // TOPIC_AUTHORIZATION_FAILED
    31,    // CLUSTER_AUTHORIZATION_FAILED
    53,    // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    58,    // SASL_AUTHENTICATION_FAILED
    -169,  // _AUTHENTICATION
};
// The configuration cannot work with this cluster.
constexpr std::array kMisconfiguredCodes = {
    50,  // INVALID_TRANSACTION_TIMEOUT
    17,  // TOPIC_EXCEPTION
    44,  // POLICY_VIOLATION
};
// Nobody answered.
constexpr std::array kUnavailableCodes = {
    -195,  // _TRANSPORT
    -193,  // _RESOLVE
    -192,  // _MSG_TIMED_OUT
    -187,  // _ALL_BROKERS_DOWN
    -185,  // _TIMED_OUT
    -181,  // _SSL
    -166,  // _TIMED_OUT_QUEUE
    7,     // REQUEST_TIMED_OUT
    15,    // COORDINATOR_NOT_AVAILABLE
};

bool is_in(const auto& codes, int code) { return std::ranges::find(codes, code) != codes.end(); }

bool is_fencing(const ClientError& error) {
  return error.code == kFenced || error.code == kInvalidProducerEpoch ||
         error.code == kProducerFenced;
}

ErrorKind kind_of(const ClientError& error) {
  if (is_fencing(error)) return ErrorKind::Fenced;
  if (is_in(kDeniedCodes, error.code)) return ErrorKind::Denied;
  if (is_in(kMisconfiguredCodes, error.code)) return ErrorKind::Misconfigured;
  if (is_in(kRecordCodes, error.code)) return ErrorKind::BadEvent;
  if (error.is_fatal || error.requires_abort) return ErrorKind::Interrupted;
  if (error.is_retriable || is_in(kUnavailableCodes, error.code)) return ErrorKind::Unavailable;
  return ErrorKind::Interrupted;
}

std::string hint_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Fenced:
      return "another producer uses the same identity, or the transaction took longer than its "
             "time-out";
    case ErrorKind::Denied:
      return "check the credentials and the ACLs: WRITE and READ on the checkpoint topic, WRITE on "
             "the topics, WRITE and DESCRIBE on the transactional ids, which begin with the "
             "identity";
    case ErrorKind::Unavailable:
      return "check bootstrap_servers and that the brokers are up";
    default:
      return {};
  }
}

}  // namespace

bool should_call_again(const ClientError& error) {
  return error.is_retriable && !is_fencing(error) && !error.is_fatal && !error.requires_abort;
}

bool is_consequence(const ClientError& error) { return error.code == kState && !error.is_fatal; }

Error to_error(const ClientError& error, std::string_view act) {
  const ErrorKind kind = kind_of(error);
  return Error{.kind = kind, .what = std::string(act) + ": " + error.text, .hint = hint_for(kind)};
}

ErrorClass classify(const ClientError& error) {
  if (is_fencing(error)) return ErrorClass::Fenced;
  if (error.is_fatal) return ErrorClass::Fatal;
  if (is_in(kRecordCodes, error.code)) return ErrorClass::Record;
  if (error.requires_abort) return ErrorClass::Abortable;
  return ErrorClass::Retriable;
}

}  // namespace outrider::kafka
