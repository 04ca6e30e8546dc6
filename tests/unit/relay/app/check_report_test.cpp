#include "relay/app/check_report.h"

#include "relay/app/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outrider::app {
namespace {

using Json = nlohmann::json;
using Severity = Finding::Severity;

Finding finding(Severity severity, ErrorKind kind = ErrorKind::Refused) {
  return {.severity = severity, .kind = kind, .what = "it is wrong", .remedy = "mend it"};
}

Checked checked(Findings findings) {
  return {.pipeline = "orders",
          .server = "postgres",
          .seen = {.subject = "PostgreSQL 15", .findings = std::move(findings)}};
}

TEST(CheckReport, NumbersFindingsAcrossServersEachWithItsRemedy) {
  Checked with_both = checked({finding(Severity::Error), finding(Severity::Note)});
  with_both.seen.findings[1].remedy.clear();
  EXPECT_EQ(to_text(with_both, 3),
            "orders: PostgreSQL 15\n"
            "  3. error: it is wrong\n     remedy: mend it\n"
            "  4. note: it is wrong\n");
  const std::vector<Checked> all = {with_both, checked({finding(Severity::Warning)})};
  EXPECT_EQ(summary(all), "1 error, 1 warning, 1 note");
}

TEST(CheckReport, LetsNoServerBreakALine) {
  Checked odd = checked({finding(Severity::Note)});
  odd.seen.findings[0].what = "a\nb\x1b[1m";
  EXPECT_THAT(to_text(odd, 1), testing::HasSubstr("note: a?b?[1m\n"));
}

TEST(CheckReport, ExitsByTheWorstErrorAndWithSuccessWithoutOne) {
  const auto code = [](Findings findings) {
    const std::vector<Checked> all = {checked(std::move(findings))};
    return exit_code_of(all);
  };
  EXPECT_EQ(code({finding(Severity::Warning), finding(Severity::Note)}), kExitOk);
  EXPECT_EQ(code({finding(Severity::Error, ErrorKind::Unavailable)}), kExitUnavailable);
  EXPECT_EQ(code({finding(Severity::Error, ErrorKind::Denied),
                  finding(Severity::Error, ErrorKind::Unavailable)}),
            kExitPermission);
  EXPECT_EQ(code({finding(Severity::Error, ErrorKind::Denied),
                  finding(Severity::Error, ErrorKind::Refused)}),
            kExitConfiguration);
}

TEST(CheckReport, GivesScriptsProblemsAndFindings) {
  std::vector<config::Report> reports = {config::Report("outrider.yaml")};
  const std::vector<Checked> all = {checked({finding(Severity::Note), finding(Severity::Error)})};
  Json document = Json::parse(to_json(reports, all, CheckDepth::Servers));
  EXPECT_EQ(document["ok"], false);
  EXPECT_EQ(document["servers"][0]["subject"], "PostgreSQL 15");
  EXPECT_EQ(document["findings"][1]["number"], 2);
  EXPECT_EQ(document["findings"][1]["severity"], "error");
  EXPECT_EQ(document["findings"][1]["kind"], "refused");
  EXPECT_FALSE(document["findings"][0].contains("kind"));
  document = Json::parse(to_json(reports, {}, CheckDepth::File));
  EXPECT_EQ(document["ok"], true);
  EXPECT_FALSE(document.contains("findings"));
  reports[0].add({3, 5}, "http.listen", "is no address");
  document = Json::parse(to_json(reports, {}, CheckDepth::File));
  EXPECT_EQ(document["ok"], false);
  EXPECT_EQ(document["problems"][0], Json({{"file", "outrider.yaml"},
                                           {"line", 3},
                                           {"column", 5},
                                           {"key", "http.listen"},
                                           {"what", "is no address"}}));
}

}  // namespace
}  // namespace outrider::app
