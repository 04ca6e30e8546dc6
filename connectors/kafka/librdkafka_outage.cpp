// The worker of the librdkafka client while brokers do not answer, or refuse what they are shown.
#include "connectors/kafka/librdkafka_client.h"
#include "connectors/kafka/librdkafka_secrets.h"

#include <string>
#include <utility>

namespace outrider::kafka {

std::optional<JobFailure> LibrdkafkaClient::remember_credentials() {
  const auto failed = [](const Error& error) {
    return JobFailure{.error = error_of_configuration(error), .act = "make a Kafka producer"};
  };
  const Result<Secrets> secrets = read_secrets(options_);
  if (!secrets) return failed(secrets.error());
  const Result<std::size_t> fingerprint = fingerprint_of_files(options_);
  if (!fingerprint) return failed(fingerprint.error());
  password_ = secrets->password;
  fingerprint_ = *fingerprint;
  return std::nullopt;
}

/// librdkafka says only once that a broker refused them, and goes on trying.
void LibrdkafkaClient::look_at_secrets() {
  renew_password();
  give_up_old_files();
}

/// Connections go on with the old one; the next log-in takes the new one.
void LibrdkafkaClient::renew_password() {
  if (!options_.sasl) return;
  const Result<Secrets> secrets = read_secrets(options_);
  // One that is being replaced is there at the next look.
  if (!secrets || secrets->password == password_) return;
  password_ = secrets->password;
  for (const Producer& producer : producers_) {
    const ErrorObject ignored(rd_kafka_sasl_set_credentials(
        producer.handle.get(), options_.sasl->username.c_str(), password_.c_str()));
  }
}

/// librdkafka loads certificates and keys only when a producer is made.
void LibrdkafkaClient::give_up_old_files() {
  if (!options_.tls || producers_.empty() || gathered_.failed) return;
  const Result<std::size_t> fingerprint = fingerprint_of_files(options_);
  if (!fingerprint || *fingerprint == fingerprint_) return;
  outdated_ = {.code = RD_KAFKA_RESP_ERR__FS,
               .text = "the files of tls have changed; beginning again with them"};
  gathered_.failed = {.tag = kCheckpointTag, .error = *outdated_};
}

void LibrdkafkaClient::wait_for_brokers(int timeout_ms) {
  rd_kafka_poll(current_handle(), timeout_ms);
  if (is_refused_) look_at_secrets();
}

JobFailure LibrdkafkaClient::explain(ClientError error, std::string act) const {
  return {.error = explained(std::move(error), heard_), .act = std::move(act)};
}

void LibrdkafkaClient::on_error(rd_kafka_t*, int code, const char* reason, void* self) {
  auto* client = static_cast<LibrdkafkaClient*>(self);
  client->heard_.hear(code, reason);
  // With TLS 1.3 the refusal of a certificate comes when the connection counts as made.
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL ||
      client->heard_.text.find("SSL alert") != std::string::npos) {
    client->is_refused_ = true;
    client->look_at_secrets();
  }
  client->say_of_brokers(code);
}

/// What is under way waits for brokers, a minute and longer, before it fails with the reason.
void LibrdkafkaClient::say_of_brokers(int code) {
  const bool is_making_client = checkpoint_ != nullptr;  // Its job says why it fails.
  const bool is_outage = is_refused_ || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  if (is_making_client || !is_outage) return;
  // librdkafka adds how long it took, and how often, which is another text each time.
  const std::string text = heard_.text.substr(0, heard_.text.find(" (after "));
  Error error = to_error({.code = heard_.code, .text = text},
                         is_refused_ ? "connect to a broker" : "no broker answers");
  {
    const std::scoped_lock lock(mutex_);
    notices_.push_back({.severity = Notice::Severity::Warning,
                        .what = std::move(error.what),
                        .hint = std::move(error.hint)});
  }
  raise_wake();
}

}  // namespace outrider::kafka
