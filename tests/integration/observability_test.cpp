// What operators see: a real Prometheus scrapes a real relay at work, with the rules and the
// dashboard of deploy/.
#include "tests/support/prometheus_server.h"
#include "tests/support/sample_services.h"
#include "tests/support/service_load.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::filesystem::path kDeploy = OUTRIDER_SOURCE_DIR "/deploy";
constexpr std::uint64_t kEvents = 300;
constexpr auto kPatience = 60s;

/// Both sample services, their relay, and a Prometheus that saw it before the first event and after
/// the last.
struct World {
  TemporaryFolder folder;
  PostgresServer postgres{folder.path() / "postgres"};
  KafkaServer kafka{folder.path() / "kafka"};
  SampleServices services{folder.path(), postgres, kafka};
  PrometheusServer prometheus{{.folder = folder.path(),
                               .scraped_port = services.relay().port(),
                               .rules = kDeploy / "prometheus/alerts.yaml"}};

  World() {
    wait_for("up{job=\"outrider\"}", 1);
    wait_for("sum(outrider_up)", 2);
    ServiceLoad(services, {.events = kEvents}).finish();
    wait_for("sum(outrider_events_published_total)", events());
  }
  /// As the outboxes count them.
  double events() const {
    double sum = 0;
    for (const char* name : {"user_db", "order_db"}) {
      sum += std::stod(Sql(postgres.dsn(name)).value("select count(*) from outbox"));
    }
    return sum;
  }
  void wait_for(const std::string& expression, double wanted) const {
    const bool came = eventually(kPatience, [&] { return prometheus.value(expression) == wanted; });
    if (!came) throw std::runtime_error(expression + " never was " + std::to_string(wanted));
  }
};

World& world() {
  static World shared;
  return shared;
}

std::string live_scrape() {
  return HttpClient(world().services.relay().port()).get("/metrics").text;
}

/// The names of all series in a scrape.
std::set<std::string> series_in(const std::string& scrape) {
  std::set<std::string> names;
  std::istringstream lines(scrape);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) names.insert(line.substr(0, line.find_first_of("{ ")));
  }
  return names;
}

std::set<std::string> metrics_in(const std::string& expression) {
  static const std::regex kName(R"(\b(outrider|process)_[a-z0-9_]+)");
  std::set<std::string> names;
  for (std::sregex_iterator it(expression.begin(), expression.end(), kName), end; it != end; ++it) {
    names.insert(it->str());
  }
  return names;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

nlohmann::json dashboard() {
  std::ifstream file(kDeploy / "grafana/outrider.json");
  return nlohmann::json::parse(file);
}

/// Every query of panels and variables, with the dashboard's variables as they are at first.
std::vector<std::string> queries_of(const nlohmann::json& board) {
  std::vector<std::string> queries;
  for (const nlohmann::json& panel : board.at("panels")) {
    if (panel.at("type") == "row") continue;
    for (const nlohmann::json& target : panel.at("targets")) queries.push_back(target.at("expr"));
  }
  static const std::regex kLabelValues(R"(label_values\((.+), (\w+)\))");
  for (const nlohmann::json& variable : board.at("templating").at("list")) {
    if (variable.at("type") != "query") continue;
    const std::string query = variable.at("query").at("query");
    queries.push_back(std::regex_replace(query, kLabelValues, "count by ($2) ($1)"));
  }
  for (std::string& query : queries) {
    query = replaced(query, "$__rate_interval", "1m");
    query = replaced(replaced(query, "$job", ".+"), "$pipeline", ".+");
  }
  return queries;
}

bool has_data(const nlohmann::json& samples) {
  for (const nlohmann::json& sample : samples) {
    if (sample.at("value").at(1) != "NaN") return true;
  }
  return false;
}

TEST(Observability, PrometheusCountsWhatTheRelayPublished) {
  const PrometheusServer& prometheus = world().prometheus;
  EXPECT_GE(world().events(), kEvents);
  EXPECT_EQ(prometheus.value("sum(outrider_events_received_total)"), world().events());
  EXPECT_EQ(prometheus.value("sum(outrider_publish_latency_seconds_count)"), world().events());
  EXPECT_EQ(prometheus.value("sum(outrider_leader)"), 2);
  EXPECT_EQ(prometheus.value("sum(outrider_caught_up)"), 2);
  EXPECT_THAT(prometheus.query("outrider_build_info"), SizeIs(1));
}

TEST(Observability, PromtoolFindsNothingToMendInALiveScrape) {
  const std::filesystem::path file = world().folder.path() / "scrape";
  std::ofstream(file) << live_scrape();
  EXPECT_EQ(run({"sh", "-c", "exec promtool check metrics < " + file.string() + " 2>&1"}), "");
}

TEST(Observability, TheReadmeNamesEveryMetricOfALiveScrape) {
  std::ifstream file(kDeploy / "prometheus/README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  static const std::regex kPartOfAHistogram("_(bucket|sum|count)$");
  const std::set<std::string> series = series_in(live_scrape());
  EXPECT_THAT(series, Contains("outrider_config_info"));
  for (const std::string& name : series) {
    if (name.starts_with("process_")) continue;
    const std::string metric = std::regex_replace(name, kPartOfAHistogram, "");
    EXPECT_THAT(readme, HasSubstr("`" + metric + "`"));
  }
}

TEST(Observability, EveryMetricThatTheRulesNameIsInALiveScrape) {
  const std::set<std::string> series = series_in(live_scrape());
  std::size_t checked = 0;
  for (const nlohmann::json& group : world().prometheus.rule_groups()) {
    for (const nlohmann::json& rule : group.at("rules")) {
      for (const std::string& name : metrics_in(rule.at("query"))) {
        EXPECT_THAT(series, Contains(name)) << rule.at("name");
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 15U);
}

TEST(Observability, TheRulesAreEvaluatedAndNothingFiresWhileAllIsWell) {
  const auto evaluated = [] {
    for (const nlohmann::json& group : world().prometheus.rule_groups()) {
      for (const nlohmann::json& rule : group.at("rules")) {
        if (rule.at("health") != "ok") return false;
      }
    }
    return true;
  };
  EXPECT_TRUE(eventually(kPatience, evaluated)) << world().prometheus.rule_groups().dump(2);
  const nlohmann::json firing = world().prometheus.query("ALERTS{alertstate=\"firing\"}");
  EXPECT_THAT(firing, IsEmpty()) << firing.dump(2);
}

TEST(Observability, EveryQueryOfTheDashboardReturnsData) {
  const std::vector<std::string> queries = queries_of(dashboard());
  EXPECT_GT(queries.size(), 25U);
  for (const std::string& query : queries) {
    EXPECT_EQ(query.find('$'), std::string::npos) << "unknown variable in " << query;
    EXPECT_TRUE(has_data(world().prometheus.query(query))) << query;
  }
}

TEST(Observability, PrometheusSeesThatARelayDied) {
  world().services.relay().kill_hard();
  world().wait_for("up{job=\"outrider\"}", 0);
  EXPECT_TRUE(eventually(kPatience, [] {
    return world().prometheus.value("ALERTS{alertname=\"OutriderDown\"}") == 1;
  }));
}

}  // namespace
}  // namespace outrider::testing
