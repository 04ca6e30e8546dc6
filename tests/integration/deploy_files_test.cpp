// The files of deploy/ against the tools that read them, and against each other.
#include "tests/support/notify_socket.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace outrider::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

const fs::path kDeploy = OUTRIDER_SOURCE_DIR "/deploy";
const std::string kAlerts = kDeploy / "prometheus/alerts.yaml";
const std::string kAlertTests = kDeploy / "prometheus/alerts_test.yaml";

std::string text_of(const fs::path& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

std::vector<YAML::Node> alerts() {
  std::vector<YAML::Node> found;
  for (const YAML::Node& group : YAML::LoadFile(kAlerts)["groups"]) {
    for (const YAML::Node& rule : group["rules"]) {
      if (rule["alert"]) found.push_back(rule);
    }
  }
  return found;
}

std::set<std::string> alert_names() {
  std::set<std::string> names;
  for (const YAML::Node& rule : alerts()) names.insert(rule["alert"].as<std::string>());
  return names;
}

TEST(DeployFiles, PassYamllint) {
  EXPECT_EQ(run({"yamllint", "--strict", "--config-file", kDeploy / ".yamllint", kDeploy}), "");
}

TEST(Alerts, PassTheirOwnTestsInPromtool) {
  EXPECT_THAT(run({"promtool", "check", "rules", "--lint-fatal", kAlerts}), HasSubstr("SUCCESS"));
  EXPECT_THAT(run({"promtool", "test", "rules", kAlertTests}), HasSubstr("SUCCESS"));
}

TEST(Alerts, EachHasACaseThatFiresAndOneThatDoesNot) {
  std::set<std::string> fires;
  std::set<std::string> rests;
  for (const YAML::Node& test : YAML::LoadFile(kAlertTests)["tests"]) {
    const YAML::Node& check = test["promql_expr_test"][0];
    const std::string expression = check["expr"].as<std::string>();
    for (const std::string& name : alert_names()) {
      if (expression != "ALERTS{alertname=\"" + name + "\", alertstate=\"firing\"}") continue;
      (check["exp_samples"].size() > 0 ? fires : rests).insert(name);
    }
  }
  EXPECT_EQ(fires, alert_names());
  EXPECT_EQ(rests, alert_names());
}

TEST(Alerts, EachHasARunbookAndEveryRunbookAnAlert) {
  std::set<std::string> runbooks;
  for (const auto& entry : fs::directory_iterator(kDeploy / "runbooks")) {
    if (entry.path().filename() != "README.md") runbooks.insert(entry.path().stem());
  }
  EXPECT_EQ(runbooks, alert_names());
  for (const YAML::Node& rule : alerts()) {
    const std::string name = rule["alert"].as<std::string>();
    EXPECT_EQ(rule["annotations"]["runbook_url"].as<std::string>(), "runbooks/" + name + ".md");
    const std::string page = text_of(kDeploy / "runbooks" / (name + ".md"));
    EXPECT_THAT(page, AllOf(HasSubstr("# " + name + "\n"), HasSubstr("Look"), HasSubstr("Mend")));
    EXPECT_THAT(page, HasSubstr("`outrider ")) << name << " uses no command of ours";
    EXPECT_THAT(text_of(kDeploy / "runbooks/README.md"), HasSubstr("(" + name + ".md)"));
  }
}

TEST(Alerts, EachTellsHowSeriousItIsAndWhatHappened) {
  for (const YAML::Node& rule : alerts()) {
    EXPECT_THAT((std::set<std::string>{"critical", "warning"}),
                Contains(rule["labels"]["severity"].as<std::string>()));
    const std::string summary = rule["annotations"]["summary"].as<std::string>();
    EXPECT_TRUE(summary.ends_with('.')) << summary;
    EXPECT_FALSE(rule["annotations"]["description"].as<std::string>().empty());
  }
}

TEST(Dashboard, SaysOfEveryPanelWhatItShowsInWhichUnit) {
  const nlohmann::json board = nlohmann::json::parse(text_of(kDeploy / "grafana/outrider.json"));
  std::set<int> ids;
  for (const nlohmann::json& panel : board.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << "twice: panel " << panel["id"];
    if (panel.at("type") == "row") continue;
    EXPECT_FALSE(panel.at("description").get<std::string>().empty()) << panel["title"];
    EXPECT_FALSE(panel.at("fieldConfig").at("defaults").at("unit").get<std::string>().empty());
    EXPECT_EQ(panel.at("datasource").at("uid"), "${datasource}") << panel["title"];
  }
}

/// The unit as it is installed, but with the program that was built.
fs::path unit_for_this_build(const fs::path& folder) {
  std::string unit = text_of(kDeploy / "systemd/outrider.service");
  const std::string installed = "/usr/bin/outrider";
  const std::size_t at = unit.find(installed);
  EXPECT_NE(at, std::string::npos);
  unit.replace(at, installed.size(), OUTRIDER_BINARY);
  std::ofstream(folder / "outrider.service") << unit;
  return folder / "outrider.service";
}

TEST(Unit, IsSoundAndHardened) {
  const TemporaryFolder folder;
  const std::string unit = unit_for_this_build(folder.path());
  EXPECT_EQ(run({"sh", "-c", "exec systemd-analyze verify --man=no " + unit + " 2>&1"}), "");
  // From 0 (safe) to 100; systemd calls up to 20 "ok".
  run({"systemd-analyze", "security", "--offline=true", "--threshold=20", unit});
  EXPECT_THAT(text_of(unit), AllOf(HasSubstr("\nType=notify\n"), HasSubstr("\nWatchdogSec=")));
}

TEST(Unit, TheProgramIsReadyWithoutItsServersAndTellsWhenItStops) {
  const TemporaryFolder folder;
  const fs::path configuration = folder.path() / "outrider.yaml";
  std::ofstream(configuration)
      << "version: 1\nhttp: { listen: '127.0.0.1:0' }\npipelines:\n  orders:\n"
         "    source: { postgres: { dsn: 'host=127.0.0.1 port=1 dbname=a user=b' } }\n"
         "    sink: { kafka: { bootstrap_servers: '127.0.0.1:1' } }\n";
  const NotifySocket systemd(folder.path());
  Process relay({.command = {"/usr/bin/env", "NOTIFY_SOCKET=" + systemd.path(),
                             "WATCHDOG_USEC=60000000", OUTRIDER_BINARY, "run", "-c", configuration},
                 .log = folder.path() / "log"});
  std::set<std::string> told;
  const auto tells = [&](const std::string& wanted) {
    return eventually(20s, [&] {
      told.insert(systemd.next());
      return told.contains(wanted);
    });
  };
  EXPECT_TRUE(tells("READY=1")) << text_of(folder.path() / "log");
  EXPECT_TRUE(tells("WATCHDOG=1"));
  EXPECT_TRUE(tells("STATUS=orders: retrying"));
  EXPECT_FALSE(told.contains("STOPPING=1"));
  relay.signal(SIGTERM);
  EXPECT_TRUE(tells("STOPPING=1"));
  EXPECT_EQ(relay.wait(20s), 0) << text_of(folder.path() / "log");
}

}  // namespace
}  // namespace outrider::testing
