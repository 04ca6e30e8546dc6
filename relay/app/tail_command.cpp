#include "relay/app/tail_command.h"

#include "connectors/kafka/librdkafka_topic_reader.h"
#include "connectors/postgres/setup/stream_tap.h"
#include "relay/app/clock.h"
#include "relay/app/stop_signals.h"
#include "relay/app/tail_line.h"
#include "relay/core/message_row.h"
#include "relay/core/outbox_mapper.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kName = "tail";
constexpr int kTickMilliseconds = 1000;
// How often signals are looked for while a topic is followed.
constexpr auto kGlance = 100ms;

struct TailArguments {
  PipelineWanted pipeline = {};
  std::string topic = {};  // Empty: the outbox.
  bool from_beginning = false;
  std::uint64_t events = 0;  // 0: until it is stopped.
  OutputFormat format = OutputFormat::Text;
};

/// Counts what was printed, and knows when to end.
class Printer {
 public:
  explicit Printer(const TailArguments& arguments) : arguments_(arguments) {}

  void print(const Record& record, const Sighting& sighting) {
    write(tail_line(record, sighting, arguments_.format));
    ++printed_;
  }
  void write(const std::string& line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  }
  /// A reader that went away has seen enough, too.
  bool is_done() const {
    return std::ferror(stdout) != 0 || (arguments_.events > 0 && printed_ >= arguments_.events);
  }

 private:
  const TailArguments& arguments_;
  std::uint64_t printed_ = 0;
};

/// `earlier` has microseconds, so a clock that is a little behind may give less than nothing.
std::chrono::milliseconds latency_since(WallTime earlier) {
  return std::chrono::round<std::chrono::milliseconds>(clock_now().wall - earlier);
}

/// The record of the event; null if it is none of the outbox.
Result<const Record*> record_of(const Event& event, OutboxMapper& mapper, MessageRows& messages) {
  if (const auto* row = std::get_if<RowInserted>(&event.what)) return mapper.map(*row, event);
  const auto* message = std::get_if<LogicalMessage>(&event.what);
  if (message == nullptr || !messages.takes(*message)) return nullptr;
  OUTRIDER_TRY(const RowInserted row, messages.read(*message));
  return mapper.map(row, event);
}

Result<void> print_event(const Event& event, OutboxMapper& mapper, MessageRows& messages,
                         Printer& printer) {
  const std::string lsn = postgres::to_string(postgres::Lsn{event.id.transaction});
  const Result<const Record*> record = record_of(event, mapper, messages);
  if (!record && record.error().kind != ErrorKind::BadEvent) return std::unexpected(record.error());
  if (!record) {
    // The relay would halt, skip it or send it to the dead letters: here it is no end.
    fmt::print(stderr, "bad event at {}: {}\n", lsn, record.error().what);
  } else if (*record != nullptr) {
    printer.print(**record, {.lsn = lsn});
  }
  return {};
}

Result<void> tail_outbox(const PipelineConfig& pipeline, const TailArguments& arguments) {
  if (!pipeline.source.postgres) {
    return failure(ErrorKind::Misconfigured, "the pipeline has no outbox in Postgres");
  }
  OUTRIDER_TRY(OutboxMapper mapper, OutboxMapper::create(pipeline.outbox));
  MessageRows messages(pipeline.outbox);
  OUTRIDER_TRY(const std::unique_ptr<postgres::StreamTap> tap,
               postgres::StreamTap::open(*pipeline.source.postgres));
  fmt::print(stderr, "following publication \"{}\" through the temporary slot \"{}\"\n",
             pipeline.source.postgres->publication, tap->slot());
  StopSignals signals;
  Printer printer(arguments);
  while (!printer.is_done() && !signals.take()) {
    OUTRIDER_TRY(const Event* event, tap->next());
    if (event != nullptr) {
      OUTRIDER_TRY(print_event(*event, mapper, messages, printer));
    }
    OUTRIDER_TRY(tap->tick(clock_now()));
    if (event != nullptr) continue;
    const Wake::Descriptor wanted = tap->interest();
    const int writes = wanted.write ? POLLOUT : 0;
    pollfd entries[] = {
        {.fd = wanted.fd, .events = static_cast<short>(POLLIN | writes), .revents = 0},
        {.fd = signals.descriptor(), .events = POLLIN, .revents = 0}};
    // Whatever woke it, the loop looks at everything.
    static_cast<void>(poll(entries, std::size(entries), kTickMilliseconds));
  }
  return {};
}

void print_seen(const kafka::SeenRecord& seen, const TailArguments& arguments, Printer& printer) {
  std::vector<Header> headers;
  for (const auto& [name, value] : seen.headers) headers.push_back({name, value});
  const Record record{.topic = arguments.topic,
                      .key = seen.key,
                      .value = seen.value,
                      .headers = headers,
                      .partition = {},
                      .timestamp = seen.timestamp.value_or(WallTime{}),
                      .event = {}};
  Sighting sighting{.partition = seen.partition, .offset = seen.offset};
  // Of a record that lay there before, the time says how old it is.
  if (seen.timestamp && !arguments.from_beginning) {
    sighting.latency = latency_since(*seen.timestamp);
  }
  printer.print(record, sighting);
}

Result<void> tail_topic(const PipelineConfig& pipeline, const TailArguments& arguments) {
  if (!pipeline.sink.kafka) {
    return failure(ErrorKind::Misconfigured, "the pipeline does not go to Kafka");
  }
  using kafka::TopicReader;
  OUTRIDER_TRY(const std::unique_ptr<TopicReader> reader,
               TopicReader::open(*pipeline.sink.kafka, arguments.topic,
                                 arguments.from_beginning ? TopicReader::Begin::Earliest
                                                          : TopicReader::Begin::End));
  fmt::print(stderr, "following topic {}{}\n", arguments.topic,
             reader->partitions() == 0 ? ", which does not exist yet" : "");
  StopSignals signals;
  Printer printer(arguments);
  while (!printer.is_done() && !signals.take()) {
    OUTRIDER_TRY(const std::optional<kafka::SeenRecord> seen, reader->next(kGlance));
    if (seen) print_seen(*seen, arguments, printer);
  }
  return {};
}

int tail(const TailArguments& arguments) {
  return with_pipeline(kName, arguments.pipeline, [&](const PipelineConfig& pipeline) {
    return arguments.topic.empty() ? tail_outbox(pipeline, arguments)
                                   : tail_topic(pipeline, arguments);
  });
}

}  // namespace

void add_tail(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "tail", "Follow the outbox as it is committed, or a topic as consumers see it");
  auto& arguments = chosen.keep<TailArguments>();
  add_pipeline_options(*command, arguments.pipeline);
  CLI::Option* topic = command->add_option(
      "--topic", arguments.topic,
      "This topic of Kafka, read_committed, with the time each record took; otherwise the outbox, "
      "through a temporary slot, without Kafka");
  topic->type_name("TOPIC");
  command
      ->add_flag("--from-beginning", arguments.from_beginning,
                 "What lies in the topic already, too")
      ->needs(topic);
  command->add_option("--events", arguments.events, "End after so many; otherwise on SIGINT")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  add_format_option(*command, arguments.format);
  command->footer(
      "Examples:\n"
      "  outrider tail -c outrider.yaml --format json | jq .key\n"
      "  outrider tail -c outrider.yaml --topic outbox.event.order --from-beginning --events 10");
  command->callback([&] { chosen.set([&] { return tail(arguments); }); });
}

}  // namespace outrider::app
