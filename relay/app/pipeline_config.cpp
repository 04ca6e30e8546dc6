#include "relay/app/pipeline_config.h"

#include "connectors/kafka/options_config.h"
#include "connectors/postgres/options_config.h"
#include "relay/app/config_names.h"
#include "relay/app/outbox_config.h"

namespace outrider::app {

void describe(config::Section<LogConfig>& section) {
  section.field("level", &LogConfig::level, "The least severity that is logged.")
      .names({{"trace", LogLevel::Trace},
              {"debug", LogLevel::Debug},
              {"info", LogLevel::Info},
              {"warn", LogLevel::Warn},
              {"error", LogLevel::Error}});
  section.field("format", &LogConfig::format, "auto: text on a terminal, JSON lines otherwise.")
      .names({{"auto", LogFormat::Auto}, {"text", LogFormat::Text}, {"json", LogFormat::Json}});
}

void describe(config::Section<HttpConfig>& section) {
  section
      .field("listen", &HttpConfig::listen,
             "host:port or :port of /metrics, /livez, /readyz and /status; \"\" for none.")
      .check(check_listen_address);
  section.field(
      "web_config_file", &HttpConfig::web_config_file,
      "File with TLS and users for it, in the web configuration of Prometheus' exporters. "
      "Default: none.");
}

void describe(config::Section<ShutdownConfig>& section) {
  using std::chrono_literals::operator""h;
  section
      .field("drain_timeout", &ShutdownConfig::drain_timeout,
             "How long a stop may wait for what is in flight.")
      .range(std::chrono::milliseconds(0), 1h);
}

void describe(config::Section<SourceConfig>& section) {
  section.field("postgres", &SourceConfig::postgres,
                "The outbox tables of a Postgres database, read by logical replication.");
  section.exactly_one({"postgres"});
}

void describe(config::Section<StdoutConfig>&) {}

void describe(config::Section<SinkConfig>& section) {
  section.field("kafka", &SinkConfig::kafka, "Apache Kafka.");
  section.field("stdout", &SinkConfig::standard_output,
                "Prints records as JSON lines; for a look, keeps no position.");
  section.exactly_one({"kafka", "stdout"});
}

void describe(config::Section<StartConfig>& section) {
  using postgres::OnFirstStart;
  using postgres::WithoutCheckpoint;
  section
      .field("without_checkpoint", &StartConfig::without_checkpoint,
             "A slot that was used before, but the sink holds no position of it: adopt begins "
             "where the slot stands (events may repeat), refuse stops.")
      .names({{"adopt", WithoutCheckpoint::Adopt}, {"refuse", WithoutCheckpoint::Refuse}});
  section
      .field("on_first_start", &StartConfig::on_first_start,
             "The outbox held rows before the slot existed, which never arrive: refuse stops, "
             "ignore goes on.")
      .names({{"refuse", OnFirstStart::Refuse}, {"ignore", OnFirstStart::Ignore}});
}

void describe(config::Section<PipelineConfig>& section) {
  section
      .field("delivery", &PipelineConfig::delivery,
             "exactly_once: records and position are one Kafka transaction. at_least_once: lower "
             "latency, repeats after a crash.")
      .names({{"exactly_once", Delivery::ExactlyOnce}, {"at_least_once", Delivery::AtLeastOnce}});
  section
      .field("identity", &PipelineConfig::identity,
             "Checkpoint topic, and beginning of the transactional ids. Default: "
             "outrider.<database>.<slot>.")
      .check(check_topic_name);
  section.field("start", &PipelineConfig::start, "What to do where a start is in doubt.");
  section
      .field("bad_event", &PipelineConfig::bad_event,
             "An event that Kafka cannot take (NULL key, too large, no such topic, …): halt before "
             "its transaction, skip it with an error in the log, or send it with the reason to the "
             "dead_letter_topic.")
      .names({{"halt", BadEventPolicy::Halt},
              {"skip", BadEventPolicy::Skip},
              {"dead_letter", BadEventPolicy::DeadLetter}});
  section
      .field("dead_letter_topic", &PipelineConfig::dead_letter_topic,
             "Topic of bad events under bad_event: dead_letter.")
      .check(check_topic_name);
  section.field("source", &PipelineConfig::source, "Where events come from; one kind.").required();
  section.field("outbox", &PipelineConfig::outbox, "How rows become records.");
  section.field("sink", &PipelineConfig::sink, "Where records go; one kind.").required();
}

void describe(config::Section<Config>& section) {
  section.field("version", &Config::version, "Version of this file's form; 1.")
      .required()
      .check([](const int& version) {
        return version == 1 ? std::nullopt : std::optional<std::string>("must be 1");
      });
  section.field("log", &Config::log, "Log on stderr.");
  section.field("http", &Config::http, "Metrics and health.");
  section.field("shutdown", &Config::shutdown, "Orderly stop.");
  section.field("pipelines", &Config::pipelines, "Pipelines by name: [a-z0-9_-]{1,40}.")
      .required()
      .not_empty()
      .check_key(check_pipeline_name);
}

}  // namespace outrider::app
