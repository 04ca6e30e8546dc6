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
// Nobody answered, or what is said may pass by itself.
constexpr std::array kUnavailableCodes = {
    -195,  // _TRANSPORT
    -193,  // _RESOLVE
    -189,  // _FS: a file with a secret
    -192,  // _MSG_TIMED_OUT
    -187,  // _ALL_BROKERS_DOWN
    -185,  // _TIMED_OUT
    -181,  // _SSL
    -166,  // _TIMED_OUT_QUEUE
    7,     // REQUEST_TIMED_OUT
    15,    // COORDINATOR_NOT_AVAILABLE
    38,    // INVALID_REPLICATION_FACTOR: more brokers may come
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

constexpr int kSsl = -181;
constexpr int kAuthentication = -169;
constexpr int kSaslAuthenticationFailed = 58;
constexpr int kFile = -189;
constexpr int kInvalidReplicationFactor = 38;
constexpr int kPolicyViolation = 44;
constexpr int kInvalidTransactionTimeout = 50;
constexpr int kTopicAuthorizationFailed = 29;
constexpr int kTransactionalIdAuthorizationFailed = 53;

bool says(const ClientError& error, std::string_view words) {
  return error.text.find(words) != std::string::npos;
}

/// Of what OpenSSL says (SSL_alert_desc_string_long(3)) and librdkafka adds.
std::string hint_for_tls(const ClientError& error) {
  if (says(error, "broker certificate could not be verified") ||
      says(error, "certificate verify failed")) {
    return "sink.kafka.tls.ca_file must hold the authority that signed the brokers' certificates, "
           "and these must name the hosts as bootstrap_servers and advertised.listeners do";
  }
  if (says(error, "PLAINTEXT") || says(error, "wrong version number") ||
      says(error, "unexpected eof")) {
    return "it seems that this port of the brokers speaks no TLS: name their TLS listener in "
           "bootstrap_servers, "
           "or leave sink.kafka.tls out";
  }
  if (says(error, "alert")) {
    return "the brokers refuse the relay's certificate: sink.kafka.tls.certificate_file must hold "
           "one that has not expired, signed by an authority in their ssl.truststore";
  }
  return "check the files of sink.kafka.tls, and that bootstrap_servers names a TLS listener";
}

std::string hint_for_denied(const ClientError& error) {
  switch (error.code) {
    case kAuthentication:
    case kSaslAuthenticationFailed:
      return "check mechanism, username and password of sink.kafka.sasl; a SCRAM user is made or "
             "changed by kafka-configs.sh --alter --entity-type users --entity-name USER "
             "--add-config 'SCRAM-SHA-512=[password=…]'; before librdkafka 2.6.1 no SCRAM works "
             "with "
             "Kafka 4 (librdkafka issue 4895): take PLAIN over TLS, or tls with a certificate";
    case kTopicAuthorizationFailed:
      return "kafka-acls.sh --add --allow-principal User:… --operation Write --operation Describe "
             "--operation Create --topic TOPIC; on the checkpoint topic, which has the name of the "
             "identity, also --operation Read --operation DescribeConfigs";
    case kTransactionalIdAuthorizationFailed:
      return "kafka-acls.sh --add --allow-principal User:… --operation Write --operation Describe "
             "--resource-pattern-type prefixed --transactional-id IDENTITY";
    default:
      return "check the ACLs: Write and Describe on the topics and, by prefix, on the "
             "transactional ids, which begin with the identity; also Read and DescribeConfigs on "
             "the checkpoint topic; Create on topics that are to be created";
  }
}

/// librdkafka names the property, not the file.
std::string hint_for_file(const ClientError& error) {
  struct Source {
    std::string_view property;
    std::string_view key;
  };
  constexpr std::array kSources = {
      Source{"ssl.ca.location", "sink.kafka.tls.ca_file"},
      Source{"ssl.certificate.location", "sink.kafka.tls.certificate_file"},
      Source{"ssl.key.location", "sink.kafka.tls.key_file, with its key_password_file,"}};
  std::string_view key = "the file";
  for (const Source& source : kSources) {
    if (says(error, source.property)) key = source.key;
  }
  return std::string(key) +
         " must be there, in the right form, and the relay's user must be able to read it; it is "
         "tried again until then";
}

std::string hint_for_unavailable(const ClientError& error) {
  // With TLS 1.3 the refusal of a certificate comes when the connection counts as made.
  if (error.code == kSsl || says(error, "SSL alert")) return hint_for_tls(error);
  if (error.code == kInvalidReplicationFactor) {
    return "the cluster has fewer brokers than sink.kafka.checkpoint.replication, or "
           "default.replication.factor of the brokers, asks for";
  }
  if (error.code == kFile) return hint_for_file(error);
  if (says(error, "security.protocol")) {
    return "this port of the brokers may want TLS or a login: set sink.kafka.tls and "
           "sink.kafka.sasl as its listener asks";
  }
  // What librdkafka says of init_transactions() when no coordinator was found and no broker failed.
  if (error.text == "Timed out waiting for operation to finish, retry call to resume") {
    return "the cluster has no coordinator of transactions yet: with fewer brokers than "
           "transaction.state.log.replication.factor (3 by default) it never gets one";
  }
  return "check bootstrap_servers and that the brokers are up";
}

std::string hint_for_misconfigured(const ClientError& error) {
  switch (error.code) {
    case kInvalidTransactionTimeout:
      return "lower sink.kafka.transaction.timeout, or raise transaction.max.timeout.ms of the "
             "brokers";
    case kPolicyViolation:
      // Our own, of what librdkafka says before it asks a broker.
      if (says(error, "librdkafka property")) {
        return "correct it under sink.kafka.librdkafka; CONFIGURATION.md of librdkafka says what "
               "there is";
      }
      return "a policy of the brokers (create.topic.policy.class.name) refuses it: create the "
             "topic as the policy asks";
    default:
      return {};
  }
}

std::string hint_for(ErrorKind kind, const ClientError& error) {
  switch (kind) {
    case ErrorKind::Fenced:
      return "another producer uses the same identity, or the transaction took longer than its "
             "time-out";
    case ErrorKind::Denied:
      return hint_for_denied(error);
    case ErrorKind::Unavailable:
      return hint_for_unavailable(error);
    case ErrorKind::Misconfigured:
      return hint_for_misconfigured(error);
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
  return Error{
      .kind = kind, .what = std::string(act) + ": " + error.text, .hint = hint_for(kind, error)};
}

ErrorClass classify(const ClientError& error) {
  if (is_fencing(error)) return ErrorClass::Fenced;
  if (error.is_fatal) return ErrorClass::Fatal;
  if (is_in(kRecordCodes, error.code)) return ErrorClass::Record;
  if (error.requires_abort) return ErrorClass::Abortable;
  return ErrorClass::Retriable;
}

}  // namespace outrider::kafka
