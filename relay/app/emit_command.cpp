#include "relay/app/emit_command.h"

#include "connectors/kafka/librdkafka_topic_reader.h"
#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/outbox_insert.h"
#include "connectors/postgres/setup/setup_sql.h"
#include "relay/app/clock.h"
#include "relay/core/topic_template.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr std::string_view kName = "emit";
constexpr int kTimeoutMost = 3600;

struct EmitArguments {
  PipelineWanted pipeline = {};
  std::string dsn = {};  // Empty: the pipeline's own.
  std::string id = {};   // Empty: a new UUID.
  std::string aggregatetype = {};
  std::string aggregateid = {};
  std::string type = {};
  std::string payload = "{}";
  std::vector<std::string> headers = {};  // name=value
  bool wait = false;
  int timeout_seconds = 30;
  OutputFormat format = OutputFormat::Text;
};

struct Arrival {
  std::string topic;
  int partition = 0;
  std::int64_t offset = 0;
  std::chrono::milliseconds latency{0};  // Since the commit was known here.
};

std::string header_object(const std::vector<std::string>& headers) {
  Json object = Json::object();
  for (const std::string& header : headers) {
    const std::size_t equals = header.find('=');
    object[header.substr(0, equals)] = header.substr(equals + 1);
  }
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

postgres::NewRow row_of(const PipelineConfig& pipeline, const EmitArguments& arguments) {
  const OutboxColumns& columns = pipeline.outbox.columns;
  postgres::NewRow row{.table = pipeline.source.postgres->tables.front(),
                       .id_column = columns.id,
                       .id = arguments.id,
                       .columns = {{columns.aggregatetype, arguments.aggregatetype},
                                   {columns.aggregateid, arguments.aggregateid},
                                   {columns.type, arguments.type},
                                   {columns.payload, arguments.payload}}};
  if (!arguments.headers.empty()) {
    row.columns.push_back({columns.headers, header_object(arguments.headers)});
  }
  return row;
}

postgres::Options writer(const PipelineConfig& pipeline, const EmitArguments& arguments) {
  postgres::Options options = *pipeline.source.postgres;
  if (arguments.dsn.empty()) return options;
  options.dsn = arguments.dsn;
  options.password.clear();
  options.password_file.clear();
  return options;
}

/// Follows the topic that the event goes to, from before it is written.
class Watch {
 public:
  static Result<std::unique_ptr<Watch>> begin(const PipelineConfig& pipeline,
                                              const EmitArguments& arguments) {
    if (!pipeline.sink.kafka || pipeline.outbox.id_header.empty()) {
      return failure(ErrorKind::Misconfigured, "--wait cannot tell the event from others",
                     "it needs a Kafka sink, and `outbox.id_header` to know the event by");
    }
    const bool needs_more =
        std::ranges::any_of(pipeline.outbox.additional, [](const AdditionalColumn& column) {
          return column.placement == AdditionalColumn::Placement::Topic;
        });
    if (needs_more) {
      return failure(ErrorKind::Misconfigured,
                     "--wait cannot tell the topic, which depends on additional columns");
    }
    std::string topic;
    OUTRIDER_TRY(const TopicTemplate route, TopicTemplate::of(pipeline.outbox));
    OUTRIDER_TRY(route.expand(std::array{std::string_view(arguments.aggregatetype)}, topic));
    OUTRIDER_TRY(
        std::unique_ptr<kafka::TopicReader> reader,
        kafka::TopicReader::open(*pipeline.sink.kafka, topic, kafka::TopicReader::Begin::End));
    return std::unique_ptr<Watch>(
        new Watch(std::move(topic), pipeline.outbox.id_header, std::move(reader)));
  }

  Result<Arrival> arrival_of(const std::string& id, std::chrono::seconds patience) {
    const TimePoint begin = clock_now().steady;
    const TimePoint deadline = begin + patience;
    for (TimePoint now = begin; now < deadline; now = clock_now().steady) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
      OUTRIDER_TRY(const std::optional<kafka::SeenRecord> record, reader_->next(rest));
      if (!record || record->header(header_) != id) continue;
      return Arrival{
          .topic = topic_,
          .partition = record->partition,
          .offset = record->offset,
          .latency = std::chrono::round<std::chrono::milliseconds>(clock_now().steady - begin)};
    }
    return failure(ErrorKind::Unavailable,
                   fmt::format("event {} is committed but not in topic \"{}\" after {} s", id,
                               topic_, patience.count()),
                   "outrider status tells whether a relay streams, and why not");
  }

 private:
  Watch(std::string topic, std::string header, std::unique_ptr<kafka::TopicReader> reader)
      : topic_(std::move(topic)), header_(std::move(header)), reader_(std::move(reader)) {}

  std::string topic_;
  std::string header_;
  std::unique_ptr<kafka::TopicReader> reader_;
};

void print(const EmitArguments& arguments, const postgres::NewRow& row,
           const postgres::InsertedRow& inserted, const std::optional<Arrival>& arrival) {
  if (arguments.format == OutputFormat::Text) {
    fmt::print("event {} is committed in {}, in the log before {}\n", inserted.id,
               postgres::qualified(row.table), postgres::to_string(inserted.log_end));
    if (!arrival) return;
    fmt::print("arrived in topic {}, partition {}, offset {}, {} ms after the commit\n",
               arrival->topic, arrival->partition, arrival->offset, arrival->latency.count());
    return;
  }
  Json object = {{"id", inserted.id}, {"lsn", postgres::to_string(inserted.log_end)}};
  if (arrival) {
    object.update({{"topic", arrival->topic},
                   {"partition", arrival->partition},
                   {"offset", arrival->offset},
                   {"latency_ms", arrival->latency.count()}});
  }
  fmt::print("{}\n", object.dump());
}

Result<void> emit(const PipelineConfig& pipeline, const EmitArguments& arguments) {
  if (!pipeline.source.postgres) {
    return failure(ErrorKind::Misconfigured, "the pipeline has no outbox in Postgres");
  }
  if (pipeline.source.postgres->tables.empty()) {
    return failure(ErrorKind::Misconfigured, "the pipeline has no outbox table, only messages",
                   "write one with pg_logical_emit_message()");
  }
  std::unique_ptr<Watch> watch;
  if (arguments.wait) {
    OUTRIDER_TRY(watch, Watch::begin(pipeline, arguments));
  }
  const postgres::NewRow row = row_of(pipeline, arguments);
  OUTRIDER_TRY(const postgres::InsertedRow inserted,
               postgres::insert_row(writer(pipeline, arguments), row));
  if (!watch) {
    print(arguments, row, inserted, std::nullopt);
    return {};
  }
  const Result<Arrival> arrival =
      watch->arrival_of(inserted.id, std::chrono::seconds(arguments.timeout_seconds));
  print(arguments, row, inserted, arrival ? std::optional(*arrival) : std::nullopt);
  if (!arrival) return std::unexpected(arrival.error());
  return {};
}

int emit(const EmitArguments& arguments) {
  return with_pipeline(kName, arguments.pipeline,
                       [&](const PipelineConfig& pipeline) { return emit(pipeline, arguments); });
}

std::string check_header(const std::string& header) {
  const std::size_t equals = header.find('=');
  return equals != std::string::npos && equals > 0 ? "" : "is no name=value";
}

}  // namespace

void add_emit(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("emit", "Write one test event through the outbox, and see it arrive");
  auto& arguments = chosen.keep<EmitArguments>();
  add_pipeline_options(*command, arguments.pipeline);
  command
      ->add_option("--dsn", arguments.dsn,
                   "Connection string of a role that may insert; otherwise the relay's own")
      ->type_name("DSN");
  command->add_option("--aggregate-type", arguments.aggregatetype, "Fills the topic's name")
      ->required()
      ->type_name("NAME");
  command->add_option("--aggregate-id", arguments.aggregateid, "The record's key")
      ->required()
      ->type_name("ID");
  command->add_option("--type", arguments.type, "What happened, such as test.created")
      ->required()
      ->type_name("NAME");
  command->add_option("--payload", arguments.payload, "The record's value; otherwise {}")
      ->type_name("JSON");
  command->add_option("--header", arguments.headers, "A header of the record; may be repeated")
      ->allow_extra_args(false)
      ->check(check_header)
      ->type_name("NAME=VALUE");
  command->add_option("--id", arguments.id, "The row's id; otherwise a new UUID")->type_name("ID");
  command->add_flag("--wait", arguments.wait,
                    "Read its topic, read_committed, until it has arrived; say where and how soon");
  command->add_option("--timeout", arguments.timeout_seconds, "For --wait; otherwise 30 seconds")
      ->check(CLI::Range(1, kTimeoutMost))
      ->type_name("SECONDS");
  add_format_option(*command, arguments.format);
  command->footer(
      std::string(kOwnerPasswordAdvice) +
      "Exit codes: 69 if it has not arrived in time, 77 if the role may not insert.\n"
      "Example:\n"
      "  outrider emit -c outrider.yaml --dsn \"dbname=order_db user=order_service\" \\\n"
      "    --aggregate-type order --aggregate-id 42 --type test.created --wait");
  command->callback([&] { chosen.set([&] { return emit(arguments); }); });
}

}  // namespace outrider::app
