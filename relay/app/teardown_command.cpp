#include "relay/app/teardown_command.h"

#include "connectors/kafka/librdkafka_tombstone.h"
#include "connectors/postgres/libpq_dsn.h"
#include "connectors/postgres/position.h"
#include "connectors/postgres/setup/teardown.h"
#include "relay/app/pipeline_session.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using postgres::TeardownStep;

constexpr std::string_view kName = "teardown";

struct TeardownArguments {
  PipelineWanted pipeline = {};
  std::string owner_dsn = {};
  std::string role = {};  // Empty: the user of the pipeline's dsn.
  bool drop_table = false;
  bool keep_checkpoint = false;
  bool yes = false;
};

Result<postgres::TeardownPlan> make_plan(const PipelineConfig& pipeline,
                                         const TeardownArguments& arguments) {
  if (!pipeline.source.postgres) {
    return failure(ErrorKind::Misconfigured, "the pipeline has nothing in Postgres");
  }
  OUTRIDER_TRY(const postgres::ConnectParameters dsn,
               postgres::parse_dsn(pipeline.source.postgres->dsn));
  postgres::TeardownPlan plan{
      .relay = *pipeline.source.postgres,
      .database = dsn.at("dbname"),
      .role = arguments.role,
      .tables = arguments.drop_table ? postgres::OutboxTables::Drop : postgres::OutboxTables::Keep};
  if (const auto user = dsn.find("user"); plan.role.empty() && user != dsn.end()) {
    plan.role = user->second;
  }
  return plan;
}

void print(std::string_view verb, const TeardownStep& step) {
  fmt::print("{} {}{}{}\n", verb, step.subject, step.loss.empty() ? "" : ": ", step.loss);
}

/// The checkpoint as one more thing that goes; none if there is none.
Result<std::optional<TeardownStep>> checkpoint_step(const PipelineConfig& pipeline,
                                                    const TeardownArguments& arguments) {
  if (!pipeline.sink.kafka || arguments.keep_checkpoint) return std::nullopt;
  OUTRIDER_TRY(const std::unique_ptr<PipelineSession> session,
               PipelineSession::create(pipeline, SessionIntent::Look));
  Result<Found> found = session->look();
  if (!found) {
    Error error = std::move(found.error()).within("look at the checkpoint");
    error.hint =
        "nothing was changed; --keep-checkpoint goes on without Kafka, and teardown can be "
        "repeated when it is back";
    return std::unexpected(std::move(error));
  }
  if (!found->checkpoint) return std::nullopt;
  OUTRIDER_TRY(const postgres::PostgresPosition position,
               postgres::PostgresPosition::unpack(found->checkpoint->position));
  return TeardownStep{.subject = "checkpoint in topic \"" + pipeline.identity + "\"",
                      .loss = "delivered up to " + postgres::to_string(position.end_lsn)};
}

Result<void> tear_down(const PipelineConfig& pipeline, const TeardownArguments& arguments) {
  OUTRIDER_TRY(postgres::TeardownPlan plan, make_plan(pipeline, arguments));
  OUTRIDER_TRY(const std::unique_ptr<postgres::Teardown> teardown,
               postgres::Teardown::begin(arguments.owner_dsn, std::move(plan)));
  OUTRIDER_TRY(const std::vector<TeardownStep> steps, teardown->look());
  OUTRIDER_TRY(const std::optional<TeardownStep> checkpoint, checkpoint_step(pipeline, arguments));
  for (const TeardownStep& step : steps) {
    if (step.statement.empty()) print("kept:", step);
  }
  const bool has_any =
      std::ranges::any_of(steps, [](const TeardownStep& step) { return !step.statement.empty(); });
  if (!has_any && !checkpoint) {
    fmt::print("nothing to drop\n");
    return {};
  }
  if (arguments.yes) {
    OUTRIDER_TRY(teardown->drop(steps, [](const TeardownStep& step) { print("dropped:", step); }));
    if (!checkpoint) return {};
    OUTRIDER_TRY(teardown->prove_held());
    OUTRIDER_TRY(kafka::forget_checkpoint(*pipeline.sink.kafka));
    print("dropped:", *checkpoint);
    return {};
  }
  for (const TeardownStep& step : steps) {
    if (!step.statement.empty()) print("would drop", step);
  }
  if (checkpoint) print("would drop", *checkpoint);
  fmt::print("nothing was changed; --yes does it\n");
  return {};
}

int tear_down(const TeardownArguments& arguments) {
  return with_pipeline(kName, arguments.pipeline, [&](const PipelineConfig& pipeline) {
    return tear_down(pipeline, arguments);
  });
}

}  // namespace

void add_teardown(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "teardown", "Take a pipeline out of its database: slot, publication, checkpoint, …");
  auto& arguments = chosen.keep<TeardownArguments>();
  add_pipeline_options(*command, arguments.pipeline);
  command
      ->add_option("--dsn", arguments.owner_dsn,
                   "Connection string of the database's owner, with REPLICATION")
      ->required()
      ->type_name("OWNER_DSN");
  command
      ->add_option("--role", arguments.role,
                   "The relay's role; otherwise the user of the pipeline's dsn")
      ->type_name("ROLE");
  command->add_flag("--drop-table", arguments.drop_table, "The outbox tables too, with their rows");
  command->add_flag("--keep-checkpoint", arguments.keep_checkpoint, "Leave Kafka alone");
  command->add_flag("--yes", arguments.yes, "Do it; otherwise only say what would be lost");
  command->footer(
      std::string(kOwnerPasswordAdvice) +
      "Example:\n"
      "  outrider teardown -c outrider.yaml --dsn \"host=db dbname=orders user=owner\" --yes");
  command->callback([&] { chosen.set([&] { return tear_down(arguments); }); });
}

}  // namespace outrider::app
