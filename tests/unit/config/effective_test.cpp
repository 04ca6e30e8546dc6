// What `outrider config print` says: every key, true values, true origins, no secret.
#include "config/file_text.h"
#include "config/section.h"
#include "relay/app/config_file.h"
#include "relay/app/effective_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using config::EffectiveValue;
using config::FieldDescription;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using Kind = EffectiveValue::Kind;

config::Surroundings surroundings() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            if (name == "HOST") return "db.internal";
            if (name == "DSN") return "host=db dbname=shop user=relay password=hunter2";
            return std::nullopt;
          },
          .file = [](const std::string&) -> std::expected<std::string, std::string> {
            return "hunter2";
          }};
}

struct Printed {
  std::vector<EffectiveValue> values;
  std::string yaml;
  Json json;
};

Printed print(const std::string& text) {
  config::Report report("outrider.yaml");
  const std::optional<Config> config = parse_config(text, surroundings(), report);
  EXPECT_TRUE(config) << report.text() << text;
  if (!config) return {};
  Printed printed{.values = effective_config(*config), .yaml = {}, .json = {}};
  printed.yaml = effective_yaml(printed.values, report);
  printed.json = Json::parse(effective_json(printed.values, report));
  return printed;
}

constexpr auto kSmallest = R"(version: 1
pipelines:
  orders:
    source: { postgres: { dsn: "host=${env:HOST} dbname=shop user=relay" } }
    sink: { kafka: { bootstrap_servers: "${env:KAFKA:-localhost:9092}" } }
)";

void compare(const std::vector<FieldDescription>& fields, const std::vector<EffectiveValue>& values,
             const std::string& yaml) {
  ASSERT_EQ(fields.size(), values.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(fields[i].name, values[i].name);
    EXPECT_THAT(yaml, HasSubstr(fields[i].name + ":"));
    if (values[i].kind == Kind::Unset) continue;
    if (fields[i].type == "map of section") {
      compare(fields[i].children, values[i].children.at(0).children, yaml);
    } else if (values[i].kind == Kind::Map && !fields[i].children.empty()) {
      compare(fields[i].children, values[i].children, yaml);
    }
  }
}

TEST(Effective, HasEveryKeyOfTheReference) {
  const Printed printed = print(kSmallest);
  compare(config::describe_fields<Config>(), printed.values, printed.yaml);
}

TEST(Effective, SaysDefaultOrLineVariableAndFileOfEachValue) {
  const Printed printed = print(std::string(kSmallest) + R"(log: { level: debug }
http:
  listen: "${file:/run/listen}:1"
)");
  EXPECT_THAT(printed.yaml, ContainsRegex("\n  level: debug +# outrider.yaml:6\n"));
  EXPECT_THAT(printed.yaml, ContainsRegex("\n  format: auto +# default\n"));
  EXPECT_THAT(printed.yaml, HasSubstr("# outrider.yaml:8, file /run/listen\n"));
  EXPECT_THAT(printed.yaml, HasSubstr("# outrider.yaml:4, env HOST\n"));
  EXPECT_THAT(printed.yaml, HasSubstr("# outrider.yaml:5, env KAFKA (unset or empty)\n"));
  const Json& level = printed.json["log.level"];
  EXPECT_EQ(level["value"], "debug");
  EXPECT_EQ(level["origins"], Json({"outrider.yaml:6"}));
}

TEST(Effective, ShowsWhatFollowsFromOtherKeys) {
  const Json json = print(kSmallest).json;
  EXPECT_EQ(json["pipelines.orders.source.postgres.slot"]["value"], "outrider_orders");
  EXPECT_EQ(json["pipelines.orders.identity"]["value"], "outrider.shop.outrider_orders");
  EXPECT_EQ(json["pipelines.orders.identity"]["origins"], Json({"default"}));
  EXPECT_EQ(json["version"]["value"], 1);
  EXPECT_TRUE(json["pipelines.orders.source.postgres.password"]["value"].is_null());
}

TEST(Effective, IsAConfigurationThatSaysTheSame) {
  const std::string odd = R"(
    outbox: { columns: { payload: "yes", headers: "a$${env:b}" }, type_header: "" }
)";
  const Printed once = print(kSmallest + odd.substr(1));
  const Printed again = print(once.yaml);
  for (const auto& [path, entry] : once.json.items()) {
    EXPECT_EQ(again.json[path]["value"], entry["value"]) << path;
  }
}

// A configuration whose every secret, however written, holds the word.
constexpr auto kSecrets = R"(version: 1
pipelines:
  keyword:
    source: { postgres: { dsn: "dbname=a host=h password='hunter2' sslpassword=hunter2" } }
    sink: { kafka: { bootstrap_servers: "b:1", librdkafka: {
      sasl.password: hunter2, sasl.username: hunter2, ssl.key.pem: "hunter2", linger.ms: "7",
      sasl.oauthbearer.config: "x=hunter2", client.rack: "${file:/run/x}" } } }
  uri:
    source: { postgres: { dsn: "postgresql://u:hunter2@h/b?options=-chunter2%3D1" } }
    sink: { stdout: }
  variable:
    source: { postgres: { dsn: "${env:DSN}", slot: s } }
    sink: { stdout: }
  key:
    source: { postgres: { dsn: "dbname=c", password: "${file:/run/x}" } }
    sink: { stdout: }
)";

TEST(Effective, ShowsNoSecretHoweverItIsWritten) {
  const Printed printed = print(kSecrets);
  EXPECT_THAT(printed.yaml, Not(HasSubstr("hunter2")));
  EXPECT_THAT(printed.json.dump(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(printed.yaml, HasSubstr("\"dbname=a host=h password=*** sslpassword=***\""));
  EXPECT_THAT(printed.yaml, HasSubstr("\"dbname=b host=h options=*** password=*** user=u\""));
  EXPECT_THAT(printed.yaml, HasSubstr("      password: \"(secret)\""));
  EXPECT_EQ(printed.json["pipelines.keyword.sink.kafka.librdkafka.linger.ms"]["value"], "7");
}

}  // namespace
}  // namespace outrider::app
