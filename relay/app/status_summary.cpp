#include "relay/app/status_summary.h"

#include "relay/app/exit_code.h"
#include "relay/base/one_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace outrider::app {
namespace {

using Json = nlohmann::ordered_json;

// A relay of another version may say more or less: what is not there reads as nothing.
const Json& at(const Json& object, std::string_view key) {
  static const Json nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string text(const Json& value) {
  return value.is_string() ? in_one_line(value.get<std::string>()) : std::string();
}

std::uint64_t count(const Json& value) {
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

bool flag(const Json& value) { return value.is_boolean() && value.get<bool>(); }

std::string bytes(const Json& value) {
  if (!value.is_number_unsigned()) return "unknown";
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(value.get<std::uint64_t>());
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return unit == 0 ? fmt::format("{} B", value.get<std::uint64_t>())
                   : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string span(const Json& value) {
  if (!value.is_number()) return "unknown";
  const double seconds = std::max(0.0, value.get<double>());
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto minutes = static_cast<std::uint64_t>(seconds / 60);
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {} h", minutes / 1440, minutes / 60 % 24);
}

void add_line(std::string& lines, std::string_view name, const std::string& value) {
  if (!value.empty()) fmt::format_to(std::back_inserter(lines), "  {:<10} {}\n", name, value);
}

std::string delivered(const Json& pipeline) {
  const Json& events = at(pipeline, "events");
  std::string line = fmt::format("{} events since the start", count(at(events, "published")));
  if (const std::string last = text(at(events, "last_commit")); !last.empty()) {
    line += "; last commit " + last;
  }
  if (const std::uint64_t bad = count(at(events, "bad")); bad > 0) {
    line += fmt::format("; {} bad", bad);
  }
  return line;
}

std::string slot(const Json& pipeline) {
  const Json& source = at(pipeline, "source");
  const Json& slot = at(source, "slot");
  const std::string status = text(at(slot, "wal_status"));
  if (status.empty()) return "";
  std::string line = fmt::format("{}, retains {}", status, bytes(at(slot, "retained_bytes")));
  if (at(slot, "safe_bytes").is_number()) {
    line += fmt::format(", {} until it is lost", bytes(at(slot, "safe_bytes")));
  }
  const std::string confirmed = text(at(source, "confirmed_lsn"));
  return confirmed.empty() ? line : line + ", confirmed " + confirmed;
}

std::string lines_of(const std::string& name, const Json& pipeline) {
  std::string lines = fmt::format("{}: {}{}{}\n", name, text(at(pipeline, "state")),
                                  flag(at(pipeline, "leader")) ? ", leader" : "",
                                  flag(at(pipeline, "caught_up")) ? ", caught up" : "");
  add_line(lines, "reason", text(at(pipeline, "reason")));
  add_line(lines, "remedy", text(at(pipeline, "hint")));
  const Json& lag = at(pipeline, "lag");
  add_line(lines, "lag", fmt::format("{}, {}", span(at(lag, "seconds")), bytes(at(lag, "bytes"))));
  const Json& in_flight = at(pipeline, "in_flight");
  add_line(lines, "in flight", fmt::format("{} events", count(at(in_flight, "events"))));
  add_line(lines, "delivered", delivered(pipeline));
  add_line(lines, "slot", slot(pipeline));
  return lines;
}

int exit_code_of(const Json& pipelines) {
  int code = kExitOk;
  for (const auto& item : pipelines.items()) {
    if (text(at(item.value(), "state")) == "halted") return kExitConfiguration;
    if (!flag(at(item.value(), "ready"))) code = kExitUnavailable;
  }
  return code;
}

}  // namespace

Result<StatusSummary> summarize_status(const std::string& body, const std::string& pipeline) {
  Json status = Json::parse(body, nullptr, false);
  if (!status.is_object() || !at(status, "pipelines").is_object()) {
    return failure(ErrorKind::Unavailable, "the answer is not that of a relay",
                   "is another program listening there?");
  }
  Json pipelines = at(status, "pipelines");
  if (!pipeline.empty()) {
    if (!pipelines.contains(pipeline)) {
      return failure(ErrorKind::Misconfigured, "the relay has no pipeline \"" + pipeline + "\"");
    }
    pipelines = Json{{pipeline, pipelines[pipeline]}};
  }
  StatusSummary summary{.text = fmt::format("outrider {}, up {}\n", text(at(status, "version")),
                                            span(at(status, "uptime_seconds"))),
                        .json = {},
                        .exit_code = exit_code_of(pipelines)};
  for (const auto& item : pipelines.items()) summary.text += lines_of(item.key(), item.value());
  status["pipelines"] = std::move(pipelines);
  summary.json = status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return summary;
}

}  // namespace outrider::app
