#include "relay/app/setup_command.h"

#include "connectors/postgres/libpq_dsn.h"
#include "connectors/postgres/setup/setup.h"
#include "connectors/postgres/setup/setup_sql.h"
#include "relay/app/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <expected>
#include <map>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using postgres::PayloadType;

constexpr std::string_view kName = "setup";

const std::map<std::string, PayloadType> kPayloadTypes = {{"jsonb", PayloadType::Jsonb},
                                                          {"json", PayloadType::Json},
                                                          {"text", PayloadType::Text},
                                                          {"bytea", PayloadType::Bytea}};

struct SetupArguments {
  PipelineWanted pipeline = {};
  std::string owner_dsn = {};  // Not needed to print.
  std::string role = {};       // Empty: the user of the pipeline's dsn.
  std::string payload = "jsonb";
  bool print_sql = false;
};

/// A table that is made anew has a column also where the relay is told to use none.
std::string name_or(const std::string& name, const std::string& usual) {
  return name.empty() ? usual : name;
}

postgres::OutboxColumnNames column_names(const OutboxColumns& columns) {
  const postgres::OutboxColumnNames usual;
  return {.id = columns.id,
          .aggregatetype = columns.aggregatetype,
          .aggregateid = columns.aggregateid,
          .type = columns.type,
          .payload = columns.payload,
          .headers = name_or(columns.headers, usual.headers),
          .traceparent = name_or(columns.traceparent, usual.traceparent),
          .tracestate = name_or(columns.tracestate, usual.tracestate),
          .timestamp = name_or(columns.timestamp, usual.timestamp)};
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
                           .payload = kPayloadTypes.at(arguments.payload)};
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
  for (const Error& error : errors) print_error(kName, error);
  return errors.empty() ? kExitOk : exit_code(errors.front().kind);
}

int setup(const SetupArguments& arguments) {
  const std::expected<PipelineConfig, int> pipeline = find_pipeline(kName, arguments.pipeline);
  if (!pipeline) return pipeline.error();
  const Result<postgres::SetupPlan> plan = make_plan(*pipeline, arguments);
  if (!plan) return print_error(kName, plan.error());
  if (arguments.print_sql) {
    fmt::print("{}", postgres::setup_script(*plan));
    return kExitOk;
  }
  const auto say = [](const std::string& line) { fmt::print("{}\n", line); };
  return print_errors(postgres::run_setup(arguments.owner_dsn, *plan, say));
}

}  // namespace

void add_setup(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "setup", "Install outbox table, function, publication, slot and grants; safe to repeat");
  auto& arguments = chosen.keep<SetupArguments>();
  add_pipeline_options(*command, arguments.pipeline);
  CLI::Option* print = command->add_flag("--print-sql", arguments.print_sql,
                                         "Print the SQL for psql instead, without connecting");
  CLI::Option* dsn =
      command
          ->add_option("--dsn", arguments.owner_dsn,
                       "Connection string of the database's owner, with CREATE and REPLICATION")
          ->type_name("OWNER_DSN");
  dsn->excludes(print);
  command
      ->add_option("--role", arguments.role,
                   "The relay's role; otherwise the user of the pipeline's dsn")
      ->type_name("ROLE");
  command
      ->add_option("--payload", arguments.payload,
                   "Type of the payload column of a new table: jsonb, json, text or bytea")
      ->check(CLI::IsMember(&kPayloadTypes))
      ->type_name("TYPE");
  command->footer(
      std::string(kOwnerPasswordAdvice) +
      "Examples:\n"
      "  outrider setup -c outrider.yaml --dsn \"host=db dbname=orders user=owner\" --role relay\n"
      "  outrider setup -c outrider.yaml --role relay --print-sql | psql -d orders");
  command->callback([&chosen, &arguments, print, dsn] {
    if (print->count() == 0 && dsn->count() == 0) {
      throw CLI::ValidationError("setup", "needs --dsn, or --print-sql");
    }
    chosen.set([&arguments] { return setup(arguments); });
  });
}

}  // namespace outrider::app
