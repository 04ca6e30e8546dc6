#include "connectors/kafka/librdkafka_handles.h"

#include <array>
#include <string_view>

namespace outrider::kafka {

// error_table.cpp knows these codes without librdkafka's header.
static_assert(RD_KAFKA_RESP_ERR__STATE == -172 && RD_KAFKA_RESP_ERR__FENCED == -144 &&
              RD_KAFKA_RESP_ERR__TRANSPORT == -195 && RD_KAFKA_RESP_ERR__RESOLVE == -193 &&
              RD_KAFKA_RESP_ERR__FS == -189 && RD_KAFKA_RESP_ERR__MSG_TIMED_OUT == -192 &&
              RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN == -187 && RD_KAFKA_RESP_ERR__TIMED_OUT == -185 &&
              RD_KAFKA_RESP_ERR__SSL == -181 && RD_KAFKA_RESP_ERR__AUTHENTICATION == -169 &&
              RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE == -166);

namespace {

/// The error of a client that rd_kafka_new() did not make, for that reason.
ClientError error_of_creation(std::string_view reason) {
  // Certificates and keys are loaded then, and may be being replaced.
  const bool may_pass = reason.starts_with("ssl.");
  return {.code = may_pass ? RD_KAFKA_RESP_ERR__FS : RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
          .text = std::string(reason)};
}

}  // namespace

ClientError error_of_configuration(const Error& error) {
  const bool may_pass = error.kind == ErrorKind::Unavailable;
  return {.code = may_pass ? RD_KAFKA_RESP_ERR__FS : RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
          .text = error.what};
}

ClientError error_of(rd_kafka_resp_err_t code) {
  return {.code = code, .text = rd_kafka_err2str(code)};
}

ClientError error_of(rd_kafka_t* handle, rd_kafka_resp_err_t code) {
  if (code != RD_KAFKA_RESP_ERR__FATAL) return error_of(code);
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(handle, reason.data(), reason.size());
  return {.code = fatal, .text = reason.data(), .is_fatal = true};
}

ClientError error_of(rd_kafka_t* handle, const rd_kafka_error_t* error) {
  ClientError result{.code = rd_kafka_error_code(error),
                     .text = rd_kafka_error_string(error),
                     .is_fatal = rd_kafka_error_is_fatal(error) != 0,
                     .is_retriable = rd_kafka_error_is_retriable(error) != 0,
                     .requires_abort = rd_kafka_error_txn_requires_abort(error) != 0};
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(handle, reason.data(), reason.size());
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
    result.is_fatal = true;
    // The code of the first cause tells fencing from the rest; later calls only say "fatal".
    if (result.code == RD_KAFKA_RESP_ERR__FATAL || fatal == RD_KAFKA_RESP_ERR__FENCED) {
      result.code = fatal;
      result.text = reason.data();
    }
  }
  return result;
}

std::expected<Handle, ClientError> make_client(rd_kafka_type_t type, Configuration configuration) {
  std::array<char, 512> reason{};
  Handle handle(rd_kafka_new(type, configuration.get(), reason.data(), reason.size()));
  if (!handle) return std::unexpected(error_of_creation(reason.data()));
  static_cast<void>(configuration.release());
  return handle;
}

void BrokerReason::hear(int said_code, const char* said) {
  // It comes after the reason of each, and says less.
  if (said_code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  code = said_code;
  text = said;
}

ClientError explained(ClientError error, const BrokerReason& heard) {
  // Codes above 0 are a broker's answer.
  const bool nobody_answered = error.code < 0 && to_error(error, "").kind == ErrorKind::Unavailable;
  if (!nobody_answered || heard.text.empty()) return error;
  error.text += " (" + heard.text + ")";
  const bool says_more =
      heard.code == RD_KAFKA_RESP_ERR__AUTHENTICATION || heard.code == RD_KAFKA_RESP_ERR__SSL;
  if (says_more) error.code = heard.code;
  return error;
}

}  // namespace outrider::kafka
