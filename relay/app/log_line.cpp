#include "relay/app/log_line.h"

#include "relay/base/assert.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace outrider::app {
namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte == '\n') {
      safe += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      safe += fmt::format("\\x{:02x}", byte);
    } else {
      safe += character;
    }
  }
  return safe;
}

}  // namespace

std::string_view to_string(Notice::Severity severity) {
  switch (severity) {
    case Notice::Severity::Debug:
      return "debug";
    case Notice::Severity::Info:
      return "info";
    case Notice::Severity::Warning:
      return "warning";
    case Notice::Severity::Error:
      return "error";
  }
  OUTRIDER_ASSERT(false, "severity out of range");
}

std::string to_rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (time - seconds).count());
}

std::string format_text(const Line& line, WallTime time) {
  std::string text = fmt::format("{} {:<7} ", to_rfc3339(time), to_string(line.notice.severity));
  if (!line.pipeline.empty()) text += fmt::format("[{}] ", escaped(line.pipeline));
  text += escaped(line.notice.what);
  if (line.times > 1) text += fmt::format(" ({} times)", line.times);
  if (!line.notice.hint.empty()) text += "; hint: " + escaped(line.notice.hint);
  return text;
}

std::string format_json(const Line& line, WallTime time) {
  using Json = nlohmann::ordered_json;
  std::string message = line.notice.what;
  if (line.times > 1) message += fmt::format(" ({} times)", line.times);
  Json object = {{"ts", to_rfc3339(time)},
                 {"level", std::string(to_string(line.notice.severity))},
                 {"msg", std::move(message)}};
  if (!line.pipeline.empty()) object["pipeline"] = line.pipeline;
  if (!line.notice.hint.empty()) object["hint"] = line.notice.hint;
  if (line.times > 1) object["times"] = line.times;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace outrider::app
