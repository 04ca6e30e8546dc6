#include "relay/app/log_line.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace outrider::app {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kTime{std::chrono::sys_days(std::chrono::January / 2 / 2026) + 3h + 4min + 5s +
                         678901us};

TEST(LogLine, TextNamesTimeSeverityPipelineAndHint) {
  const Line line{"orders", {Notice::Severity::Warning, "no broker", "start it"}, 3};
  EXPECT_EQ(format_text(line, kTime),
            "2026-01-02T03:04:05.678901Z warning [orders] no broker (3 times); hint: start it");
}

TEST(LogLine, TextOfTheProcessNamesNoPipeline) {
  EXPECT_EQ(format_text({{}, {Notice::Severity::Info, "stopped"}}, kTime),
            "2026-01-02T03:04:05.678901Z info    stopped");
}

TEST(LogLine, TextStaysOneLineAndCannotSteerATerminal) {
  const std::string text =
      format_text({"orders", {Notice::Severity::Error, "a\nb\x1b[31m\r"}}, kTime);
  EXPECT_NE(text.find("a\\nb\\x1b[31m\\x0d"), std::string::npos) << text;
}

TEST(LogLine, JsonHasTheKeysThatLogCollectorsLookFor) {
  const Line line{"orders", {Notice::Severity::Warning, "say \"no\"\n", "start it"}, 2};
  const auto json = nlohmann::json::parse(format_json(line, kTime));
  EXPECT_EQ(json["ts"], "2026-01-02T03:04:05.678901Z");
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["msg"], "say \"no\"\n (2 times)");
  EXPECT_EQ(json["pipeline"], "orders");
  EXPECT_EQ(json["hint"], "start it");
  EXPECT_EQ(json["times"], 2);
}

TEST(LogLine, JsonIsOneLineOfUtf8WhateverTheServerSent) {
  const std::string json =
      format_json({"orders", {Notice::Severity::Error, "bad \xff\n bytes"}}, kTime);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(json)) << json;
}

}  // namespace
}  // namespace outrider::app
