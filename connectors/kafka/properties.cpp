#include "connectors/kafka/properties.h"

#include <algorithm>
#include <array>
#include <string>

namespace outrider::kafka {
namespace {

struct Owned {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view kOrder = "order and exactly-once delivery depend on it";
constexpr std::string_view kSettled = "Outrider sets it";
constexpr std::string_view kCode = "it loads or runs code";
constexpr std::string_view kFunction = "it takes a function or an object, not a text";

constexpr std::array kOwned = {
    Owned{"acks", kOrder},
    Owned{"request.required.acks", kOrder},
    Owned{"enable.idempotence", kOrder},
    Owned{"enable.gapless.guarantee", kOrder},
    Owned{"max.in.flight", kOrder},
    Owned{"max.in.flight.requests.per.connection", kOrder},
    Owned{"queuing.strategy", kOrder},
    Owned{"retries", kOrder},
    Owned{"message.send.max.retries", kOrder},
    Owned{"message.timeout.ms", kOrder},
    Owned{"delivery.timeout.ms", kOrder},
    Owned{"partitioner", "consumers rely on Java's partitioning of keys"},
    Owned{"transactional.id", "set `identity:` instead"},
    Owned{"transaction.timeout.ms", "set sink.kafka.transaction.timeout instead"},
    Owned{"bootstrap.servers", "set sink.kafka.bootstrap_servers instead"},
    Owned{"metadata.broker.list", "set sink.kafka.bootstrap_servers instead"},
    Owned{"queue.buffering.max.messages", "set sink.kafka.transaction instead"},
    Owned{"queue.buffering.max.kbytes", "set sink.kafka.transaction instead"},
    Owned{"allow.auto.create.topics", "set sink.kafka.topics.create instead"},
    Owned{"auto.offset.reset", "a checkpoint that is not found must never be passed over"},
    Owned{"auto.commit.enable", kSettled},
    Owned{"enable.auto.offset.store", kSettled},
    Owned{"offset.store.method", kSettled},
    Owned{"offset.store.path", kSettled},
    Owned{"enabled_events", kSettled},
    Owned{"log.queue", kSettled},
    Owned{"enable_sasl_queue", kSettled},
    Owned{"isolation.level", kSettled},
    Owned{"group.id", kSettled},
    Owned{"enable.partition.eof", kSettled},
    Owned{"enable.auto.commit", kSettled},
    Owned{"delivery.report.only.error", kSettled},
    Owned{"plugin.library.paths", kCode},
    Owned{"ssl.engine.location", kCode},
    Owned{"ssl.engine.id", kCode},
    Owned{"ssl.providers", kCode},
    Owned{"sasl.kerberos.kinit.cmd", kCode},
    Owned{"interceptors", kFunction},
    Owned{"opaque", kFunction},
    Owned{"default_topic_conf", kFunction},
    Owned{"msg_order_cmp", kFunction},
    Owned{"ssl_engine_callback_data", kFunction},
    Owned{"ssl_key", kFunction},
    Owned{"ssl_certificate", kFunction},
    Owned{"ssl_ca", kFunction},
};

// librdkafka writes them into the command line of its sasl.kerberos.kinit.cmd, which a shell runs.
constexpr std::array<std::string_view, 3> kForShell = {
    "sasl.kerberos.principal", "sasl.kerberos.keytab", "sasl.kerberos.service.name"};

bool is_safe_in_shell(std::string_view value) {
  const auto is_safe = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("@._/:-").find(c) != std::string_view::npos;
  };
  return !value.starts_with('-') && std::ranges::all_of(value, is_safe);
}

}  // namespace

Result<void> check_property(std::string_view name) {
  std::string_view reason;
  if (const auto* owned = std::ranges::find(kOwned, name, &Owned::name); owned != kOwned.end()) {
    reason = owned->reason;
  } else if (name.ends_with("_cb")) {
    reason = kFunction;
  } else if (name.starts_with("test.")) {
    reason = "it is for librdkafka's own tests";
  } else if (name.find('\0') != std::string_view::npos) {
    reason = "librdkafka would take the name to end at its zero byte";
  } else {
    return {};
  }
  return failure(ErrorKind::Misconfigured, "librdkafka property \"" + std::string(name) +
                                               "\" cannot be set: " + std::string(reason));
}

Result<void> check_value_for_shell(std::string_view name, std::string_view value) {
  if (std::ranges::find(kForShell, name) == kForShell.end() || is_safe_in_shell(value)) return {};
  return failure(ErrorKind::Misconfigured,
                 "librdkafka property \"" + std::string(name) +
                     "\" can only hold A-Z, a-z, 0-9 and @._/:-, and cannot begin with -: "
                     "librdkafka gives it to a shell");
}

bool is_secret_property(std::string_view name) {
  return name.ends_with("password") || name.ends_with("secret") || name.ends_with(".pem") ||
         name == "sasl.oauthbearer.config";
}

bool is_open_property(std::string_view name) {
  constexpr std::array kEndings = {
      ".ms",   ".bytes", ".messages", ".kbytes",   ".protocol", ".mechanism", ".mechanisms",
      ".type", ".codec", ".level",    ".location", ".size",     ".algorithm", ".enable"};
  const bool has_ending =
      std::ranges::any_of(kEndings, [&](const char* ending) { return name.ends_with(ending); });
  return (has_ending || name == "client.id") && !is_secret_property(name);
}

}  // namespace outrider::kafka
