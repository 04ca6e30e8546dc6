// The example in config/ must read, hold every key there is, and tell the true defaults.
#include "config/load.h"
#include "relay/app/config_file.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using config::FieldDescription;
using config::Node;

config::Surroundings no_surroundings() {
  return {.variable = [](const std::string&) { return std::optional<std::string>(); },
          .file = [](const std::string&) -> std::expected<std::string, std::string> {
            return std::unexpected("no such file");
          }};
}

Node read_example() {
  config::Report report(OUTRIDER_EXAMPLE_CONFIG);
  std::optional<Node> root = config::read_document_file(report.file(), report);
  EXPECT_TRUE(root && report.ok()) << report.text();
  return root.value_or(Node{});
}

// Compares a field with its key in the example, all the way down.
void compare(const std::vector<FieldDescription>& fields, const Node& map,
             const std::string& path) {
  for (const FieldDescription& field : fields) {
    // Excluded by the kafka sink, and alternatives of a secret.
    if (field.name == "stdout" || field.name == "password") continue;
    const std::string here = config::join_path(path, field.name);
    const config::Entry* entry = config::find_entry(map, field.name);
    if (entry == nullptr) {
      ADD_FAILURE() << here << " is not in the example";
      continue;
    }
    const Node& value = entry->value;
    if (field.type == "map of section") {
      compare(field.children, value.entries.at(0).value, here);
    } else if (!field.children.empty()) {
      compare(field.children, value, here);
    } else if (value.kind == Node::Kind::Scalar && !field.default_text.empty()) {
      EXPECT_EQ(value.text, field.default_text) << here;
    }
    EXPECT_FALSE(field.help.empty()) << here;
  }
}

TEST(Example, IsAGoodConfiguration) {
  config::Report report(OUTRIDER_EXAMPLE_CONFIG);
  const std::optional<Node> root = config::read_document_file(report.file(), report);
  ASSERT_TRUE(root) << report.text();
  const Config config = config::fill<Config>(*root, no_surroundings(), report);
  EXPECT_TRUE(report.ok()) << report.text();
  EXPECT_EQ(config.pipelines.at("orders").sink.kafka->bootstrap_servers, "localhost:9092");
}

TEST(Example, HoldsEveryKeyWithItsDefault) {
  compare(config::describe_fields<Config>(), read_example(), "");
}

}  // namespace
}  // namespace outrider::app
