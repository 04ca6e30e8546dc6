#include "relay/app/config_digest.h"

#include "relay/app/config_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace outrider::app {
namespace {

using ::testing::MatchesRegex;

std::string digest_of(const std::string& database, const std::string& more,
                      const std::string& password = "one") {
  const std::string text = fmt::format(
      "version: 1\n"
      "pipelines:\n"
      "  orders:\n"
      "    source: {{ postgres: {{ dsn: '{}', password: {} }} }}\n"
      "    sink: {{ kafka: {{ bootstrap_servers: 'kafka:9092' }} }}\n{}",
      database, password, more);
  config::Report report("outrider.yaml");
  const std::optional<Config> config = parse_config(text, config::process_surroundings(), report);
  EXPECT_TRUE(config) << report.text();
  return config ? config_digest(*config) : "";
}

TEST(ConfigDigest, IsTheSameForConfigurationsThatSayTheSame) {
  const std::string digest = digest_of("dbname=shop", "");
  EXPECT_THAT(digest, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(digest_of("dbname=shop", "# a comment\n"), digest);
  EXPECT_EQ(digest_of("dbname=shop", "    delivery: exactly_once  # as by default\n"), digest);
}

TEST(ConfigDigest, ChangesWithEveryValueThatCounts) {
  const std::string digest = digest_of("dbname=shop", "");
  EXPECT_NE(digest_of("dbname=other", ""), digest);
  EXPECT_NE(digest_of("dbname=shop", "    delivery: at_least_once\n"), digest);
  EXPECT_NE(digest_of("dbname=shop", "log: { level: warn }\n"), digest);
}

TEST(ConfigDigest, SaysNothingAboutSecrets) {
  EXPECT_EQ(digest_of("dbname=shop password=a", ""), digest_of("dbname=shop password=b", ""));
  EXPECT_EQ(digest_of("dbname=shop", "", "one"), digest_of("dbname=shop", "", "two"));
}

}  // namespace
}  // namespace outrider::app
