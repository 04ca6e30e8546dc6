#include "relay/app/setup_command.h"

#include "config/report.h"
#include "connectors/postgres/libpq_dsn.h"
#include "connectors/postgres/setup/setup.h"
#include "connectors/postgres/setup/setup_sql.h"
#include "relay/app/config_file.h"
#include "relay/app/exit_code.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <utility>

namespace outrider::app {
namespace {

Result<const PipelineConfig*> choose(const Config& config, const std::string& name) {
  std::string known;
  for (const auto& [each, pipeline] : config.pipelines) known += (known.empty() ? "" : ", ") + each;
  if (name.empty() && config.pipelines.size() == 1) return &config.pipelines.begin()->second;
  const auto found = config.pipelines.find(name);
  if (found != config.pipelines.end()) return &found->second;
  return failure(ErrorKind::Misconfigured,
                 name.empty() ? "the file has several pipelines"
                              : fmt::format("there is no pipeline \"{}\"", name),
                 "--pipeline is one of: " + known);
}

postgres::OutboxColumnNames column_names(const OutboxColumns& columns) {
  return {.id = columns.id,
          .aggregatetype = columns.aggregatetype,
          .aggregateid = columns.aggregateid,
          .type = columns.type,
          .payload = columns.payload,
          .headers = columns.headers,
          .traceparent = columns.traceparent,
          .tracestate = columns.tracestate,
          .timestamp = columns.timestamp};
}

Result<postgres::SetupPlan> make_plan(const PipelineConfig& pipeline,
                                      const SetupArguments& arguments) {
  const postgres::Options& source = *pipeline.source.postgres;
  OUTRIDER_TRY(const postgres::ConnectParameters dsn, postgres::parse_dsn(source.dsn));
  postgres::SetupPlan plan{.database = dsn.at("dbname"),
                           .role = arguments.role,
                           .slot = source.slot,
                           .publication = source.publication,
                           .tables = source.tables,
                           .columns = column_names(pipeline.outbox.columns),
                           .payload = arguments.payload};
  if (const auto user = dsn.find("user"); plan.role.empty() && user != dsn.end()) {
    plan.role = user->second;
  }
  if (plan.role.empty()) {
    return failure(ErrorKind::Misconfigured, "the relay's role is not known",
                   "give --role, or user=… in the pipeline's dsn");
  }
  return plan;
}

int print_errors(const std::vector<Error>& errors) {
  for (const Error& error : errors) {
    fmt::print(stderr, "outrider setup: {}\n", error.what);
    if (!error.hint.empty()) fmt::print(stderr, "  remedy: {}\n", error.hint);
  }
  return errors.empty() ? kExitOk : exit_code(errors.front().kind);
}

}  // namespace

int setup_command(const SetupArguments& arguments) {
  config::Report report(arguments.config);
  const std::optional<Config> config = load_config(report);
  if (!config) {
    fmt::print(stderr, "{}", report.text());
    return kExitConfiguration;
  }
  Result<const PipelineConfig*> pipeline = choose(*config, arguments.pipeline);
  if (!pipeline) {
    print_errors({std::move(pipeline.error())});
    return kExitUsage;
  }
  Result<postgres::SetupPlan> plan = make_plan(**pipeline, arguments);
  if (!plan) return print_errors({std::move(plan.error())});
  if (arguments.print_sql) {
    fmt::print("{}", postgres::setup_script(*plan));
    return kExitOk;
  }
  const auto say = [](const std::string& line) { fmt::print("{}\n", line); };
  return print_errors(postgres::run_setup(arguments.owner_dsn, *plan, say));
}

}  // namespace outrider::app
