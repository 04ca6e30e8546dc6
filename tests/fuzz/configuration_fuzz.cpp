// Input: a configuration file.
#include "config/file_text.h"
#include "connectors/kafka/topic_name.h"
#include "relay/app/config_file.h"
#include "relay/app/listen_address.h"
#include "relay/core/outbox_mapper.h"
#include "tests/fuzz/fuzz_input.h"

#include <algorithm>
#include <expected>
#include <optional>
#include <string>

namespace outrider::app {
namespace {

// Variables and files that are there have short names.
config::Surroundings surroundings() {
  constexpr std::size_t kShort = 6;
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            if (name.size() > kShort) return std::nullopt;
            return "value-of-" + name;
          },
          .file = [](const std::string& path) -> std::expected<std::string, std::string> {
            if (path.size() > kShort) return std::unexpected("no such file");
            return "content of " + path + "\n";
          }};
}

void check_config(const Config& config) {
  OUTRIDER_ASSERT(config.http.listen.empty() || parse_listen_address(config.http.listen),
                  "an accepted address can be listened at");
  OUTRIDER_ASSERT(!config.pipelines.empty(), "there is something to do");
  for (const auto& [name, pipeline] : config.pipelines) {
    OUTRIDER_ASSERT(pipeline.name == name, "a pipeline knows its name");
    OUTRIDER_ASSERT(pipeline.source.postgres && !pipeline.source.postgres->slot.empty(),
                    "a pipeline reads a slot");
    OUTRIDER_ASSERT(OutboxMapper::create(pipeline.outbox).has_value(), "rows can be mapped");
    if (!pipeline.sink.kafka) continue;
    OUTRIDER_ASSERT(kafka::check_topic_name(pipeline.identity).has_value(),
                    "the checkpoint topic has a name that Kafka knows");
  }
}

void check_problem(const config::Problem& problem) {
  OUTRIDER_ASSERT(!problem.what.empty(), "a problem says what is wrong");
  OUTRIDER_ASSERT(problem.place.line >= 0 && problem.place.column >= 0, "places are counted");
}

}  // namespace
}  // namespace outrider::app

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string text(fuzz::text_of(data, size));
  config::Report report("outrider.yaml");
  const std::optional<app::Config> config = app::parse_config(text, app::surroundings(), report);
  OUTRIDER_ASSERT(config.has_value() == report.ok(), "a configuration is accepted or refused");
  if (config) app::check_config(*config);
  for (const config::Problem& problem : report.problems()) app::check_problem(problem);
  const std::string shown = report.text();
  OUTRIDER_ASSERT(!config::find_not_text(shown), "a report can be shown");
  OUTRIDER_ASSERT(!fuzz::has_zero_byte(shown), "a report has no zero byte");
  const auto lines = static_cast<std::size_t>(std::ranges::count(shown, '\n'));
  OUTRIDER_ASSERT(lines == report.problems().size(), "a problem is one line");
  return 0;
}
