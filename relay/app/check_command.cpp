#include "relay/app/check_command.h"

#include "connectors/kafka/librdkafka_examine.h"
#include "connectors/postgres/position.h"
#include "connectors/postgres/setup/examine.h"
#include "relay/app/check_report.h"
#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"
#include "relay/app/pipeline_session.h"
#include "relay/core/table_columns.h"
#include "relay/core/topic_template.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::app {
namespace {

constexpr std::string_view kName = "check";

struct CheckArguments {
  std::string config = {};
  std::string pipeline = {};  // Empty: all.
  std::vector<std::string> topics = {};
  CheckDepth depth = CheckDepth::File;
  OutputFormat format = OutputFormat::Text;
};

kafka::EventTopics event_topics(const PipelineConfig& pipeline, const CheckArguments& arguments) {
  kafka::EventTopics topics{.names = arguments.topics};
  if (pipeline.bad_event == BadEventPolicy::DeadLetter) {
    topics.names.push_back(pipeline.dead_letter_topic);
  }
  if (!arguments.topics.empty()) return topics;
  // The file was checked with it.
  if (Result<TopicTemplate> route = TopicTemplate::of(pipeline.outbox)) {
    topics.fits = [route = std::move(*route)](const std::string& topic) {
      return route.fits(topic);
    };
  }
  return topics;
}

bool has_error(const Examination& seen) {
  return std::ranges::any_of(seen.findings, [](const Finding& finding) {
    return finding.severity == Finding::Severity::Error;
  });
}

/// What a relay would do with both, or why it would not start. Holds the slot's lock meanwhile: a
/// relay that starts then is a standby for that moment.
Result<std::string> plan_start(const PipelineConfig& pipeline) {
  OUTRIDER_TRY(const std::unique_ptr<PipelineSession> session,
               PipelineSession::create(pipeline, SessionIntent::Look));
  OUTRIDER_TRY(session->acquire());
  OUTRIDER_TRY(const Found found, session->look());
  OUTRIDER_TRY(const Source::Plan plan, session->plan(found));
  OUTRIDER_TRY(const postgres::PostgresPosition from,
               postgres::PostgresPosition::unpack(plan.from));
  return fmt::format("a start would {} {}",
                     found.checkpoint ? "resume at the checkpoint" : "begin at the slot's position",
                     postgres::to_string(from.end_lsn));
}

Examination examine_start(const PipelineConfig& pipeline) {
  Result<std::string> plan = plan_start(pipeline);
  if (plan) return {.subject = std::move(*plan)};
  return {.subject = "a start would not succeed",
          .findings = {Finding::of(std::move(plan).error())}};
}

/// Looks at the servers of the pipelines one after the other, and prints as it goes.
class Check {
 public:
  explicit Check(const CheckArguments& arguments) : arguments_(arguments) {}

  void look(const PipelineConfig& pipeline) {
    if (!pipeline.source.postgres) return;
    const postgres::Options& source = *pipeline.source.postgres;
    const auto fits = [&](const Table& table) -> Result<void> {
      OUTRIDER_TRY(resolve_columns(table, pipeline.outbox));
      return {};
    };
    Examination database = postgres::examine_server(source, fits);
    // A start beside a relay at work has nothing to decide from.
    bool may_start = !has_error(database) && !database.is_in_use;
    add(pipeline, "postgres", std::move(database));
    if (!pipeline.sink.kafka) return;
    Examination cluster =
        kafka::examine_cluster(*pipeline.sink.kafka, event_topics(pipeline, arguments_));
    may_start = may_start && !has_error(cluster);
    add(pipeline, "kafka", std::move(cluster));
    if (may_start) add(pipeline, "start", examine_start(pipeline));
  }

  const std::vector<Checked>& checked() const { return checked_; }

 private:
  void add(const PipelineConfig& pipeline, std::string_view server, Examination seen) {
    checked_.push_back({.pipeline = pipeline.name, .server = server, .seen = std::move(seen)});
    const Checked& last = checked_.back();
    if (arguments_.format == OutputFormat::Text) {
      fmt::print("{}", to_text(last, next_));
      std::fflush(stdout);
    }
    next_ += last.seen.findings.size();
  }

  const CheckArguments& arguments_;
  std::vector<Checked> checked_;
  std::size_t next_ = 1;
};

int check(const CheckArguments& arguments) {
  const std::string path = config_path(arguments.config);
  const ReadConfig read = read_config_files(path);
  const bool is_text = arguments.format == OutputFormat::Text;
  if (is_text) {
    for (const config::Report& report : read.reports) fmt::print(stderr, "{}", report.text());
  }
  Check check(arguments);
  if (read.config) {
    const auto& pipelines = read.config->pipelines;
    const std::size_t count = pipelines.size();
    if (is_text) fmt::print("{}: ok, {} pipeline{}\n", path, count, count == 1 ? "" : "s");
    if (!arguments.pipeline.empty() && !pipelines.contains(arguments.pipeline)) {
      print_error(kName, choose_pipeline(*read.config, arguments.pipeline).error());
      return kExitUsage;
    }
    for (const auto& [name, pipeline] : pipelines) {
      const bool is_wanted = arguments.pipeline.empty() || arguments.pipeline == name;
      if (is_wanted && arguments.depth == CheckDepth::Servers) check.look(pipeline);
    }
  }
  if (!is_text) {
    fmt::print("{}", to_json(read.reports, check.checked(), arguments.depth));
  } else if (arguments.depth == CheckDepth::Servers && read.config) {
    fmt::print("{}\n", summary(check.checked()));
  }
  return read.config ? exit_code_of(check.checked()) : kExitConfiguration;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "check", "Look for mistakes in the configuration file, and with --connect in the servers");
  auto& arguments = chosen.keep<CheckArguments>();
  add_config_option(*command, arguments.config);
  CLI::Option* connect = command->add_flag_callback(
      "--connect", [&] { arguments.depth = CheckDepth::Servers; },
      "Ask Postgres and Kafka too, as a relay would; writes no event and makes no topic. Takes the "
      "slot's lock for a moment unless a relay is active");
  command->add_option("--pipeline", arguments.pipeline, "Only this one")
      ->needs(connect)
      ->type_name("NAME");
  command
      ->add_option("--topic", arguments.topics,
                   "A topic that events go to; may be repeated. Otherwise those that exist and fit "
                   "outbox.topic")
      ->allow_extra_args(false)
      ->needs(connect)
      ->type_name("NAME");
  add_format_option(*command, arguments.format);
  command->footer(
      "Exit codes: 0 nothing that hinders a start (warnings and notes may be there); 78 something "
      "must be mended; 77 a right is missing; 69 a server does not answer.\n"
      "Examples:\n"
      "  outrider check -c outrider.yaml && systemctl restart outrider\n"
      "  outrider check -c outrider.yaml --connect --topic outbox.event.order\n"
      "  outrider check -c outrider.yaml --connect --format json | jq '.findings[].what'");
  command->callback([&] { chosen.set([&] { return check(arguments); }); });
}

}  // namespace outrider::app
