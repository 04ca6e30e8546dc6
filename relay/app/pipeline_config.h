// What the configuration file says, with every default filled in; made by config_file.h, read by
// the commands and the runner.
#pragma once

#include "config/section.h"
#include "connectors/kafka/options.h"
#include "connectors/position.h"
#include "connectors/postgres/options.h"
#include "relay/core/dead_letters.h"
#include "relay/core/outbox_options.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace outrider::app {

enum class LogLevel { Trace, Debug, Info, Warn, Error };

/// Auto: text on a terminal, JSON lines otherwise.
enum class LogFormat { Auto, Text, Json };

struct LogConfig {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Auto;
};

struct HttpConfig {
  /// `host:port`, or `:port` for all interfaces; empty: no HTTP.
  std::string listen = ":9847";
  /// TLS and users, as web_config.h says; empty: none.
  std::string web_config_file = {};
};

struct ShutdownConfig {
  /// How long a stop may wait for what is in flight before it lets go.
  std::chrono::milliseconds drain_timeout{20'000};
};

/// Exactly one member is set.
struct SourceConfig {
  std::optional<postgres::Options> postgres;
};

/// Prints records; has nothing to set.
struct StdoutConfig {};

/// Exactly one member is set.
struct SinkConfig {
  std::optional<kafka::Options> kafka;
  std::optional<StdoutConfig> standard_output;
};

/// Only as the file says it; found again in postgres::Options.
struct StartConfig {
  postgres::WithoutCheckpoint without_checkpoint = postgres::WithoutCheckpoint::Adopt;
  postgres::OnFirstStart on_first_start = postgres::OnFirstStart::Refuse;
};

/// One pipeline. The options of source, sink and outbox are complete: names, delivery, start and
/// tables have been copied into them.
struct PipelineConfig {
  std::string name;
  Delivery delivery = Delivery::ExactlyOnce;
  /// Checkpoint topic, and beginning of the transactional ids.
  std::string identity;
  StartConfig start;
  BadEventPolicy bad_event = BadEventPolicy::Halt;
  /// Where bad events go under BadEventPolicy::DeadLetter.
  std::string dead_letter_topic = "outbox.dead-letter";
  SourceConfig source;
  OutboxOptions outbox;
  SinkConfig sink;
};

struct Config {
  int version = 0;
  LogConfig log;
  HttpConfig http;
  ShutdownConfig shutdown;
  std::map<std::string, PipelineConfig> pipelines;
};

void describe(config::Section<LogConfig>& section);
void describe(config::Section<HttpConfig>& section);
void describe(config::Section<ShutdownConfig>& section);
void describe(config::Section<SourceConfig>& section);
void describe(config::Section<StdoutConfig>& section);
void describe(config::Section<SinkConfig>& section);
void describe(config::Section<StartConfig>& section);
void describe(config::Section<PipelineConfig>& section);
void describe(config::Section<Config>& section);

}  // namespace outrider::app
