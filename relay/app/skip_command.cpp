#include "relay/app/skip_command.h"

#include "connectors/postgres/lsn.h"
#include "connectors/postgres/position.h"
#include "relay/app/clock.h"
#include "relay/app/log.h"
#include "relay/app/pipeline_session.h"
#include "relay/app/pipeline_thread.h"
#include "relay/app/relay.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace outrider::app {
namespace {

using postgres::Lsn;
using postgres::PostgresPosition;

constexpr std::string_view kName = "skip";
// What lies before the event was delivered before the halt; this is for slow servers.
constexpr auto kPatience = std::chrono::minutes(5);
constexpr int kGlanceMilliseconds = 100;

struct SkipArguments {
  PipelineWanted pipeline = {};
  std::vector<std::string> events = {};
  bool yes = false;
};

/// "0/1A2B3C8:4", as to_string(EventId) writes it.
std::optional<EventId> parse_event(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const Result<Lsn> transaction = postgres::parse_lsn(text.substr(0, colon));
  EventId event;
  const char* const end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data() + colon + 1, end, event.ordinal);
  if (!transaction || failed != std::errc{} || rest != end) return std::nullopt;
  event.transaction = transaction->value;
  return event;
}

Result<void> check_place(const EventId& event, const std::optional<Checkpoint>& checkpoint,
                         const postgres::ServerFacts& server) {
  const std::string name = "event " + to_string(event);
  if (Lsn{event.transaction} >= server.wal_end) {
    return failure(ErrorKind::Misconfigured,
                   name + " is not in the log, which ends at " + to_string(server.wal_end),
                   "`outrider status` names the event over which the pipeline halted");
  }
  if (!checkpoint) return {};
  OUTRIDER_TRY(const PostgresPosition position, PostgresPosition::unpack(checkpoint->position));
  const bool is_in_part = position.partial.final_lsn == Lsn{event.transaction} &&
                          position.partial.events_done > event.ordinal;
  if (position.end_lsn <= Lsn{event.transaction} && !is_in_part) return {};
  return failure(ErrorKind::Misconfigured,
                 fmt::format("{} lies before the checkpoint at {}: it was passed already", name,
                             to_string(position.end_lsn)),
                 "`outrider status` names the event over which the pipeline halted");
}

/// That no relay is active, that a start would go on, and that the events are still to come.
Result<void> look(const PipelineConfig& pipeline, const std::set<EventId>& events) {
  OUTRIDER_TRY(const std::unique_ptr<PipelineSession> session,
               PipelineSession::create(pipeline, SessionIntent::Look));
  OUTRIDER_TRY(session->acquire());
  OUTRIDER_TRY(const Found found, session->look());
  OUTRIDER_TRY(session->plan(found));
  for (const EventId& event : events) {
    OUTRIDER_TRY(check_place(event, found.checkpoint, session->facts().server));
  }
  return {};
}

Result<void> judge(const Snapshot& end, const std::set<EventId>& events) {
  const PipelineStatus& status = end.status;
  if (status.state == PipelineState::Standby) {
    return failure(ErrorKind::Unavailable, "a relay has become active meanwhile",
                   "stop every relay of the pipeline first");
  }
  if (status.state == PipelineState::Halted) {
    return failure(ErrorKind::BadEvent, "halted before the end: " + status.reason, status.hint);
  }
  if (end.source.acked_position <= events.rbegin()->transaction) {
    return failure(
        ErrorKind::Unavailable,
        "did not get past the event" + (status.reason.empty() ? "" : ": " + status.reason),
        "nothing is lost; try again");
  }
  if (end.counters.events_skipped_bad > 0) return {};
  return failure(ErrorKind::Misconfigured, "there was no bad event of that name",
                 "what is there was delivered; the pipeline goes on after a restart");
}

/// A relay for a moment: everything is delivered but these events.
Result<void> run_past(const PipelineConfig& config, const std::set<EventId>& events) {
  Log log({.format = LineFormat::Text, .least = Notice::Severity::Warning});
  OUTRIDER_TRY(std::unique_ptr<Pipeline> pipeline, make_pipeline(config, log, events));
  PipelineThread thread(config.name, std::move(pipeline), [&](const Notice& notice, TimePoint now) {
    log.say(config.name, notice, now);
  });
  thread.start();
  const TimePoint deadline = clock_now().steady + kPatience;
  while (!thread.stopped() && clock_now().steady < deadline) {
    const Snapshot now = thread.snapshot();
    const PipelineState state = now.status.state;
    if (state == PipelineState::Halted || state == PipelineState::Standby) break;
    // Only what is durable counts, and then the event never comes again.
    if (now.source.acked_position > events.rbegin()->transaction) thread.stop();
    pollfd entry{.fd = thread.stopped_descriptor(), .events = POLLIN, .revents = 0};
    // Whatever woke it, the loop looks at everything.
    static_cast<void>(poll(&entry, 1, kGlanceMilliseconds));
  }
  return judge(thread.snapshot(), events);
}

Result<void> skip(const PipelineConfig& pipeline, const SkipArguments& arguments) {
  std::set<EventId> events;
  for (const std::string& text : arguments.events) events.insert(*parse_event(text));
  OUTRIDER_TRY(look(pipeline, events));
  if (!arguments.yes) {
    for (const EventId& event : events) {
      fmt::print("event {} would be left out: if it is bad, it never arrives\n", to_string(event));
    }
    fmt::print(
        "everything else up to it would be delivered, the rest of its transaction too\n"
        "nothing was changed; --yes does it\n");
    return {};
  }
  OUTRIDER_TRY(run_past(pipeline, events));
  fmt::print("went past it; a relay that has halted goes on after a restart\n");
  return {};
}

int skip(const SkipArguments& arguments) {
  return with_pipeline(kName, arguments.pipeline,
                       [&](const PipelineConfig& pipeline) { return skip(pipeline, arguments); });
}

std::string check_event(const std::string& text) {
  return parse_event(text) ? "" : "is no event such as 0/1A2B3C8:4";
}

}  // namespace

void add_skip(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("skip", "Take a halted pipeline past a bad event; all others arrive");
  auto& arguments = chosen.keep<SkipArguments>();
  add_pipeline_options(*command, arguments.pipeline);
  command
      ->add_option("--event", arguments.events,
                   "As the reason of the halt names it; may be repeated for several bad events of "
                   "one transaction")
      ->required()
      ->allow_extra_args(false)
      ->check(check_event)
      ->type_name("LSN:N");
  command->add_flag("--yes", arguments.yes, "Do it; otherwise only say what would be lost");
  command->footer("Example:\n  outrider skip -c outrider.yaml --event 0/1A2B3C8:4 --yes");
  command->callback([&] { chosen.set([&] { return skip(arguments); }); });
}

}  // namespace outrider::app
