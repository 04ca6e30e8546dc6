#include "connectors/kafka/librdkafka_config.h"

#include "config/spelling.h"
#include "connectors/kafka/librdkafka_secrets.h"
#include "connectors/kafka/properties.h"
#include "relay/base/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider::kafka {
namespace {

// A dead connection must be noticed well before a transaction times out.
constexpr std::int64_t kSocketTimeoutMs = 15'000;
constexpr std::int64_t kSocketTimeoutMarginMs = 100;

using Property = std::pair<std::string_view, std::string>;

// The tables that librdkafka documents its properties with.
std::string property_tables() {
  char* text = nullptr;
  std::size_t size = 0;
  FILE* const file = open_memstream(&text, &size);
  if (file == nullptr) return "";
  rd_kafka_conf_properties_show(file);
  std::fclose(file);
  const std::unique_ptr<char, decltype(&std::free)> owner(text, std::free);
  return {text, size};
}

// " (did you mean …)", if one that may be set is near.
std::string suggestion(std::string_view name) {
  std::vector<std::string> names = property_names();
  std::erase_if(names, [](const std::string& known) { return !check_property(known); });
  const std::optional<std::string> meant = config::did_you_mean(name, names);
  return meant ? " (did you mean \"" + *meant + "\"?)" : "";
}

// Why librdkafka does not take it; none if it was set.
std::optional<std::string> try_set(rd_kafka_conf_t* configuration, std::string_view name,
                                   const std::string& value) {
  std::array<char, 512> text{};
  const rd_kafka_conf_res_t result = rd_kafka_conf_set(configuration, std::string(name).c_str(),
                                                       value.c_str(), text.data(), text.size());
  if (result == RD_KAFKA_CONF_OK) return std::nullopt;
  std::string reason = text.data();
  if (reason.ends_with('\n')) reason.pop_back();
  // What has no room is cut off, in the middle of a character too.
  while (!is_utf8(reason)) reason.pop_back();
  if (result == RD_KAFKA_CONF_UNKNOWN) return reason + suggestion(name);
  // librdkafka repeats the value in its reason.
  return is_secret_property(name) ? "the value is not valid" : reason;
}

Result<void> set(rd_kafka_conf_t* configuration, std::string_view name, const std::string& value) {
  const std::optional<std::string> reason = try_set(configuration, name, value);
  if (!reason) return {};
  return failure(ErrorKind::Misconfigured,
                 "librdkafka property \"" + std::string(name) + "\": " + *reason);
}

std::int64_t socket_timeout_ms(const Options& options) {
  return std::min<std::int64_t>(kSocketTimeoutMs,
                                options.transaction_timeout.count() - kSocketTimeoutMarginMs);
}

Result<std::size_t> number(const rd_kafka_conf_t* configuration, const char* name) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  std::size_t value = 0;
  if (rd_kafka_conf_get(configuration, name, text.data(), &size) != RD_KAFKA_CONF_OK ||
      std::from_chars(text.data(), text.data() + size, value).ec != std::errc()) {
    return failure(ErrorKind::Internal, std::string("librdkafka has no number for ") + name);
  }
  return value;
}

Result<Configuration> common(const Options& options) {
  Configuration configuration(rd_kafka_conf_new());
  const std::array defaults = {
      Property{"bootstrap.servers", options.bootstrap_servers},
      Property{"client.id", "outrider"},
      Property{"socket.timeout.ms", std::to_string(kSocketTimeoutMs)},
      Property{"socket.connection.setup.timeout.ms", "5000"},
      Property{"socket.keepalive.enable", "true"},
      Property{"socket.nagle.disable", "true"},
      Property{"reconnect.backoff.max.ms", "1000"},
      Property{"retry.backoff.ms", "100"},
      Property{"topic.metadata.refresh.interval.ms", "60000"},
      Property{"allow.auto.create.topics", "false"},
      Property{"log_level", "3"},
  };
  // librdkafka would write to stderr; what matters comes as the errors of calls.
  rd_kafka_conf_set_log_cb(configuration.get(), nullptr);
  for (const auto& [name, value] : defaults) OUTRIDER_TRY(set(configuration.get(), name, value));
  for (const auto& [name, value] : options.librdkafka) {
    OUTRIDER_TRY(check_property(name));
    OUTRIDER_TRY(check_value_for_shell(name, value));
    OUTRIDER_TRY(set(configuration.get(), name, value));
  }
  OUTRIDER_TRY(const Secrets secrets, read_secrets(options));
  for (const auto& [name, value] : security_properties(options, secrets)) {
    OUTRIDER_TRY(set(configuration.get(), name, value));
  }
  return configuration;
}

}  // namespace

Result<Configuration> reader_configuration(const Options& options, Isolation isolation) {
  OUTRIDER_TRY(Configuration configuration, common(options));
  const std::array owned = {
      Property{"isolation.level",
               isolation == Isolation::ReadCommitted ? "read_committed" : "read_uncommitted"},
      Property{"enable.partition.eof", "true"},
      Property{"enable.auto.commit", "false"},
      Property{"fetch.wait.max.ms", "10"},
  };
  for (const auto& [name, value] : owned) OUTRIDER_TRY(set(configuration.get(), name, value));
  return configuration;
}

std::array<std::string, 2> transactional_ids(const std::string& identity) {
  return {identity + "/1", identity + "/2"};
}

std::string trial_transactional_id(const std::string& identity) { return identity + "/check"; }

Result<Configuration> producer_configuration(const Options& options,
                                             std::string_view transactional_id,
                                             std::size_t batch_bytes_max) {
  OUTRIDER_TRY(Configuration configuration, common(options));
  const bool transactional = !transactional_id.empty();
  const auto set_default = [&](std::string_view name, const std::string& value) -> Result<void> {
    if (options.librdkafka.contains(std::string(name))) return {};
    return set(configuration.get(), name, value);
  };
  // Room for a transaction at its soft limit, a whole ticket more, and the checkpoint.
  const std::size_t records = 2 * options.transaction_records_max + 16;
  OUTRIDER_TRY(const std::size_t largest, message_bytes_max(options));
  const std::size_t kilobytes = (2 * options.transaction_bytes_max + 2 * largest) / 1024 + 1;
  // A commit does not wait for it. Without a transaction, none at all would send record by record
  // when the source is slower than the broker, at three times the cost.
  OUTRIDER_TRY(set_default("linger.ms", transactional ? "5" : "0.5"));
  OUTRIDER_TRY(set_default("compression.type", "lz4"));
  OUTRIDER_TRY(const std::size_t batch_bytes, number(configuration.get(), "batch.size"));
  OUTRIDER_TRY(set(configuration.get(), "batch.size",
                   std::to_string(std::min(batch_bytes, batch_bytes_max))));
  OUTRIDER_TRY(set(configuration.get(), "enable.idempotence", "true"));
  OUTRIDER_TRY(set(configuration.get(), "partitioner", "murmur2_random"));
  OUTRIDER_TRY(set(configuration.get(), "queue.buffering.max.messages", std::to_string(records)));
  OUTRIDER_TRY(set(configuration.get(), "queue.buffering.max.kbytes", std::to_string(kilobytes)));
  if (transactional) {
    // librdkafka makes no producer whose socket time-out reaches the transaction's.
    OUTRIDER_TRY(set_default("socket.timeout.ms", std::to_string(socket_timeout_ms(options))));
    OUTRIDER_TRY(set(configuration.get(), "transactional.id", std::string(transactional_id)));
    OUTRIDER_TRY(set(configuration.get(), "transaction.timeout.ms",
                     std::to_string(options.transaction_timeout.count())));
  } else {
    // A record that was given up would be a gap.
    OUTRIDER_TRY(set(configuration.get(), "message.timeout.ms", "0"));
  }
  return configuration;
}

Result<std::size_t> message_bytes_max(const Options& options) {
  OUTRIDER_TRY(const Configuration configuration, common(options));
  return number(configuration.get(), "message.max.bytes");
}

std::vector<std::string> property_names() {
  std::istringstream lines(property_tables());
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find_first_of(" |"));
    const bool is_row = line.find('|') != std::string::npos && !name.starts_with('-');
    if (is_row && name != "Property") names.push_back(name);
  }
  return names;
}

Result<void> check_property_value(std::string_view name, const std::string& value) {
  const Configuration configuration(rd_kafka_conf_new());
  const std::optional<std::string> reason = try_set(configuration.get(), name, value);
  if (reason) return failure(ErrorKind::Misconfigured, *reason);
  return {};
}

}  // namespace outrider::kafka
