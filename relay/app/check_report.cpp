#include "relay/app/check_report.h"

#include "relay/app/exit_code.h"
#include "relay/base/one_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace outrider::app {
namespace {

using Json = nlohmann::ordered_json;
using Severity = Finding::Severity;

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "";
}

std::size_t count(std::span<const Checked> checked, Severity severity) {
  std::size_t found = 0;
  for (const Checked& each : checked) {
    found += static_cast<std::size_t>(
        std::ranges::count(each.seen.findings, severity, &Finding::severity));
  }
  return found;
}

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

Json problems_json(std::span<const config::Report> reports) {
  Json problems = Json::array();
  for (const config::Report& report : reports) {
    for (const config::Problem& problem : report.problems()) {
      problems.push_back({{"file", report.file()},
                          {"line", problem.place.line},
                          {"column", problem.place.column},
                          {"key", problem.path},
                          {"what", problem.what}});
    }
  }
  return problems;
}

Json findings_json(std::span<const Checked> checked) {
  Json findings = Json::array();
  for (const Checked& each : checked) {
    for (const Finding& finding : each.seen.findings) {
      Json object = {{"number", findings.size() + 1},
                     {"pipeline", each.pipeline},
                     {"server", each.server},
                     {"severity", name_of(finding.severity)}};
      if (finding.severity == Severity::Error) object["kind"] = to_string(finding.kind);
      object["what"] = finding.what;
      object["remedy"] = finding.remedy;
      findings.push_back(std::move(object));
    }
  }
  return findings;
}

Json servers_json(std::span<const Checked> checked) {
  Json servers = Json::array();
  for (const Checked& each : checked) {
    servers.push_back(
        {{"pipeline", each.pipeline}, {"server", each.server}, {"subject", each.seen.subject}});
  }
  return servers;
}

}  // namespace

std::string to_text(const Checked& checked, std::size_t first) {
  std::string text = fmt::format("{}: {}\n", checked.pipeline, in_one_line(checked.seen.subject));
  for (const Finding& finding : checked.seen.findings) {
    text += fmt::format("{:>3}. {}: {}\n", first++, name_of(finding.severity),
                        in_one_line(finding.what));
    if (!finding.remedy.empty()) text += "     remedy: " + in_one_line(finding.remedy) + "\n";
  }
  return text;
}

std::string summary(std::span<const Checked> checked) {
  return fmt::format("{}, {}, {}", counted(count(checked, Severity::Error), "error"),
                     counted(count(checked, Severity::Warning), "warning"),
                     counted(count(checked, Severity::Note), "note"));
}

std::string to_json(std::span<const config::Report> reports, std::span<const Checked> checked,
                    CheckDepth depth) {
  Json object = {{"file", reports.front().file()}, {"problems", problems_json(reports)}};
  if (depth == CheckDepth::Servers) {
    object["servers"] = servers_json(checked);
    object["findings"] = findings_json(checked);
  }
  object["ok"] = object["problems"].empty() && count(checked, Severity::Error) == 0;
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int exit_code_of(std::span<const Checked> checked) {
  int worst = kExitOk;
  for (const Checked& each : checked) {
    for (const Finding& finding : each.seen.findings) {
      // The codes rise in the order of what it takes to mend.
      if (finding.severity == Severity::Error) worst = std::max(worst, exit_code(finding.kind));
    }
  }
  return worst;
}

}  // namespace outrider::app
