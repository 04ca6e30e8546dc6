#include "relay/app/checkpoint_command.h"

#include "connectors/postgres/repair_rules.h"
#include "connectors/postgres/setup/slot_advance.h"
#include "relay/app/checkpoint_report.h"
#include "relay/app/pipeline_session.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace outrider::app {
namespace {

using postgres::PostgresPosition;
using postgres::Repair;

enum class Act { AcceptGap, Adopt, Set };

struct CheckpointArguments {
  PipelineWanted pipeline = {};
  OutputFormat format = OutputFormat::Text;
  std::string lsn = {};  // For Set: a place in the log, or kEnd.
  bool yes = false;
};

constexpr std::string_view kEnd = "end";
constexpr std::string_view kName = "checkpoint";

Result<std::optional<PostgresPosition>> position_in(const Found& found) {
  if (!found.checkpoint) return std::nullopt;
  OUTRIDER_TRY(const PostgresPosition position,
               PostgresPosition::unpack(found.checkpoint->position));
  return position;
}

Result<Repair> decide(Act act, const CheckpointArguments& arguments,
                      const postgres::StartFacts& facts, const Found& found) {
  OUTRIDER_TRY(const std::optional<PostgresPosition> checkpoint, position_in(found));
  switch (act) {
    case Act::AcceptGap:
      return accept_gap(facts, checkpoint);
    case Act::Adopt:
      return adopt(facts, checkpoint);
    case Act::Set:
      break;
  }
  if (arguments.lsn == kEnd) return set_position(facts, checkpoint, std::nullopt);
  OUTRIDER_TRY(const postgres::Lsn to, postgres::parse_lsn(arguments.lsn));
  return set_position(facts, checkpoint, to);
}

/// From where to where, and what it costs.
Result<void> announce(const Repair& repair, const Found& found, const std::string& verb) {
  OUTRIDER_TRY(const std::optional<PostgresPosition> checkpoint, position_in(found));
  if (repair.to) {
    fmt::print("the checkpoint {} from {} to {}\n", verb,
               checkpoint ? to_string(checkpoint->end_lsn) : "none", to_string(repair.to->end_lsn));
  } else {
    fmt::print("nothing to change\n");
  }
  for (const std::string& consequence : repair.consequences) fmt::print("- {}\n", consequence);
  return {};
}

Result<void> make_it_so(PipelineSession& session, Act act, const CheckpointArguments& arguments,
                        const PipelineConfig& pipeline) {
  // What is read after fencing counts: a relay may have gone on until then.
  OUTRIDER_TRY(const Found found, session.open());
  OUTRIDER_TRY(const Repair repair, decide(act, arguments, session.facts(), found));
  if (!repair.to) return announce(repair, found, "stays");
  OUTRIDER_TRY(session.write(repair.to->pack()));
  if (repair.advances_slot) {
    // After the checkpoint: the other way round an end in between would look like a gap.
    OUTRIDER_TRY(postgres::advance_slot(*pipeline.source.postgres, repair.to->end_lsn));
  }
  OUTRIDER_TRY(announce(repair, found, "was moved"));
  fmt::print("a relay that has halted goes on after a restart\n");
  return {};
}

Result<void> change(Act act, const CheckpointArguments& arguments, const PipelineConfig& pipeline) {
  const SessionIntent intent = arguments.yes ? SessionIntent::Change : SessionIntent::Look;
  OUTRIDER_TRY(const std::unique_ptr<PipelineSession> session,
               PipelineSession::create(pipeline, intent));
  OUTRIDER_TRY(session->acquire());
  // Before anyone is fenced: a refusal must not disturb whoever uses the identity.
  OUTRIDER_TRY(const Found found, session->look());
  OUTRIDER_TRY(const Repair repair, decide(act, arguments, session->facts(), found));
  if (repair.to && arguments.yes) return make_it_so(*session, act, arguments, pipeline);
  OUTRIDER_TRY(announce(repair, found, "would be moved"));
  if (repair.to) fmt::print("nothing was changed; --yes does it\n");
  return {};
}

Result<void> show(const CheckpointArguments& arguments, const PipelineConfig& pipeline) {
  OUTRIDER_TRY(const std::unique_ptr<PipelineSession> session,
               PipelineSession::create(pipeline, SessionIntent::Look));
  const Result<void> acquired = session->acquire();
  OUTRIDER_TRY(const Found found, session->look());
  Result<Source::Plan> start = acquired ? session->plan(found) : std::unexpected(acquired.error());
  const CheckpointReport report{.pipeline = pipeline.name,
                                .identity = pipeline.identity,
                                .facts = session->facts(),
                                .checkpoint = found.checkpoint,
                                .start = std::move(start)};
  const PositionFormat& format = session->position_format();
  fmt::print("{}",
             arguments.format == OutputFormat::Json ? to_json(report, format) : to_text(report));
  return {};
}

void add_show(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("show", "Print checkpoint and slot, and what a start would do with them");
  auto& arguments = chosen.keep<CheckpointArguments>();
  add_pipeline_options(*command, arguments.pipeline);
  add_format_option(*command, arguments.format);
  command->footer(
      "Example:\n  outrider checkpoint show -c outrider.yaml --format json | jq .start");
  command->callback([&] {
    chosen.set([&] {
      return with_pipeline(kName, arguments.pipeline,
                           [&](const auto& pipeline) { return show(arguments, pipeline); });
    });
  });
}

/// Adds one that changes the checkpoint; the caller adds what only that one has.
CheckpointArguments& add_change(CLI::App& command, Act act, Chosen& chosen) {
  auto& arguments = chosen.keep<CheckpointArguments>();
  add_pipeline_options(command, arguments.pipeline);
  command.add_flag("--yes", arguments.yes, "Do it; otherwise only say what would change");
  command.callback([&, act] {
    chosen.set([&, act] {
      return with_pipeline(kName, arguments.pipeline,
                           [&](const auto& pipeline) { return change(act, arguments, pipeline); });
    });
  });
  return arguments;
}

std::string check_place(const std::string& text) {
  return text == kEnd || postgres::parse_lsn(text) ? "" : "is no log position such as 0/16B3748";
}

void add_set(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("set", "Move it; events repeat or are given up");
  CheckpointArguments& arguments = add_change(*command, Act::Set, chosen);
  command->add_option("--lsn", arguments.lsn, "A place that the slot holds, or `end` of the log")
      ->required()
      ->check(check_place)
      ->type_name("LSN");
  command->footer("Example:\n  outrider checkpoint set -c outrider.yaml --lsn 0/16B3748 --yes");
}

}  // namespace

void add_checkpoint(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("checkpoint", "Look at a pipeline's checkpoint, or move it");
  command->require_subcommand(1);
  command->footer("Example:\n  outrider checkpoint show -c outrider.yaml");
  add_show(*command, chosen);
  CLI::App* accept_gap = command->add_subcommand(
      "accept-gap", "Give up what the slot has lost, and go on where it begins");
  add_change(*accept_gap, Act::AcceptGap, chosen);
  accept_gap->footer("Example:\n  outrider checkpoint accept-gap -c outrider.yaml --yes");
  CLI::App* adopt =
      command->add_subcommand("adopt", "Take over the slot as it is, after a failover or restore");
  add_change(*adopt, Act::Adopt, chosen);
  adopt->footer("Example:\n  outrider checkpoint adopt -c outrider.yaml --yes");
  add_set(*command, chosen);
}

}  // namespace outrider::app
