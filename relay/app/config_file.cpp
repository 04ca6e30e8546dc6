#include "relay/app/config_file.h"

#include "config/load.h"
#include "connectors/kafka/librdkafka_config.h"
#include "connectors/kafka/security.h"
#include "connectors/postgres/libpq_dsn.h"
#include "relay/app/config_names.h"
#include "relay/core/outbox_mapper.h"
#include "relay/core/topic_template.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace outrider::app {
namespace {

using postgres::ConnectParameters;

std::string value_of(const ConnectParameters& parameters, std::string_view key,
                     std::string_view otherwise) {
  const auto found = parameters.find(key);
  return found == parameters.end() ? std::string(otherwise) : found->second;
}

// Fills in one pipeline and remembers what no two pipelines may share.
class Completion {
 public:
  explicit Completion(config::Report& report) : report_(report) {}

  void complete(PipelineConfig& pipeline) {
    const std::string path = "pipelines." + pipeline.name;
    // What is missing has been reported.
    if (pipeline.source.postgres) complete_source(pipeline, *pipeline.source.postgres, path);
    if (pipeline.sink.kafka) complete_sink(pipeline, *pipeline.sink.kafka, path + ".sink.kafka");
  }

 private:
  void complete_source(PipelineConfig& pipeline, postgres::Options& source,
                       const std::string& path) {
    source.delivery = pipeline.delivery;
    source.without_checkpoint = pipeline.start.without_checkpoint;
    source.on_first_start = pipeline.start.on_first_start;
    if (source.slot.empty()) source.slot = default_slot(pipeline.name);
    if (source.publication.empty()) source.publication = default_slot(pipeline.name);
    complete_outbox(pipeline, source, path);
    complete_identity(pipeline, source, path);
  }

  void complete_sink(const PipelineConfig& pipeline, kafka::Options& sink,
                     const std::string& path) {
    sink.identity = pipeline.identity;
    sink.delivery = pipeline.delivery;
    check_properties(sink, path + ".librdkafka");
    if (const auto problem = kafka::check_security(sink)) {
      report_.about(fmt::format("{}.{}", path, problem->key), problem->what);
    }
  }

  void check_properties(const kafka::Options& sink, const std::string& path) {
    for (const auto& [name, value] : sink.librdkafka) {
      const std::string key = config::join_path(path, name);
      // One that may not be set, or whose value cannot be read.
      if (report_.mentions(key)) continue;
      const Result<void> taken = kafka::check_property_value(name, value);
      if (!taken) report_.about(key, taken.error().what);
    }
  }

  void complete_outbox(PipelineConfig& pipeline, const postgres::Options& source,
                       const std::string& path) {
    complete_tables(pipeline, source, path);
    if (source.tables.empty() && source.message_prefix.empty()) {
      report_.about(path + ".source.postgres.tables", "is empty, and there is no message_prefix");
    }
    pipeline.outbox.message_prefix = source.message_prefix;
    const Result<OutboxMapper> mapper = OutboxMapper::create(pipeline.outbox);
    if (mapper || report_.mentions(path + ".outbox")) return;
    const bool is_of_topic = !TopicTemplate::of(pipeline.outbox).has_value();
    report_.about(path + (is_of_topic ? ".outbox.topic" : ".outbox.additional"),
                  fmt::format("{}; {}", mapper.error().what, mapper.error().hint));
  }

  void complete_tables(PipelineConfig& pipeline, const postgres::Options& source,
                       const std::string& path) {
    pipeline.outbox.tables.clear();
    const std::string tables = path + ".source.postgres.tables";
    const bool readable = !report_.mentions(tables);
    std::set<postgres::TableName> seen;
    for (const postgres::TableName& table : source.tables) {
      if (!seen.insert(table).second && readable) {
        report_.about(fmt::format("{}[{}]", tables, pipeline.outbox.tables.size()),
                      "names the same table twice");
      }
      pipeline.outbox.tables.push_back({table.schema, table.name});
    }
  }

  void complete_identity(PipelineConfig& pipeline, const postgres::Options& source,
                         const std::string& path) {
    if (source.dsn.empty()) return;
    const Result<ConnectParameters> parsed = postgres::parse_dsn(source.dsn);
    if (!parsed) {
      report_.about(path + ".source.postgres.dsn",
                    fmt::format("{}; {}", parsed.error().what, parsed.error().hint));
      return;
    }
    const std::string database = value_of(*parsed, "dbname", "");
    if (database.empty()) {
      report_.about(path + ".source.postgres.dsn",
                    "must name the database: add dbname=… (or /database to a URI)");
      return;
    }
    if (pipeline.identity.empty()) {
      pipeline.identity = default_identity(database, source.slot);
      if (const auto problem = check_topic_name(pipeline.identity)) {
        report_.about(path + ".identity",
                      fmt::format("\"{}\", made of database and slot, {}; set an identity",
                                  pipeline.identity, *problem));
        return;
      }
    }
    const std::string server =
        fmt::format("{}:{}/{}/{}", value_of(*parsed, "host", value_of(*parsed, "hostaddr", "")),
                    value_of(*parsed, "port", "5432"), database, source.slot);
    if (const auto [first, fresh] = slots_.emplace(server, pipeline.name); !fresh) {
      report_.about(path + ".source.postgres.slot",
                    fmt::format("pipeline \"{}\" reads the slot \"{}\" of this database too; "
                                "give each pipeline its own",
                                first->second, source.slot));
      return;
    }
    if (!pipeline.sink.kafka) return;
    if (const auto [first, fresh] = identities_.emplace(pipeline.identity, pipeline.name); !fresh) {
      report_.about(path + ".identity",
                    fmt::format("transactional id and checkpoint topic \"{}\" are also those of "
                                "pipeline \"{}\"; set another identity",
                                pipeline.identity, first->second));
    }
  }

  config::Report& report_;
  std::map<std::string, std::string> slots_;
  std::map<std::string, std::string> identities_;
};

std::optional<Config> finish(const std::optional<config::Node>& root,
                             const config::Surroundings& surroundings, config::Report& report) {
  if (!root) return std::nullopt;
  Config config = config::fill<Config>(*root, surroundings, report);
  Completion completion(report);
  for (auto& [name, pipeline] : config.pipelines) {
    pipeline.name = name;
    completion.complete(pipeline);
  }
  if (!report.ok()) return std::nullopt;
  return config;
}

}  // namespace

std::optional<Config> load_config(config::Report& report) {
  return finish(config::read_document_file(report.file(), report), config::process_surroundings(),
                report);
}

std::optional<Config> parse_config(const std::string& text,
                                   const config::Surroundings& surroundings,
                                   config::Report& report) {
  return finish(config::read_document(text, report), surroundings, report);
}

std::string config_path(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  if (const char* variable = std::getenv("OUTRIDER_CONFIG");
      variable != nullptr && *variable != 0) {
    return variable;
  }
  std::error_code ignored;
  const std::string here = "outrider.yaml";
  return std::filesystem::exists(here, ignored) ? here : "/etc/outrider/outrider.yaml";
}

}  // namespace outrider::app
