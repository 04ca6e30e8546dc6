#include "config/yaml_document.h"

#include <gtest/gtest.h>

#include <string>

namespace outrider::config {
namespace {

std::string problems(const std::string& text) {
  Report report("f");
  static_cast<void>(read_yaml(text, report));
  return report.text();
}

TEST(YamlDocument, KeepsEveryValueWithItsPlace) {
  Report report("f");
  const std::optional<Node> root = read_yaml("a: 1\nb:\n  - x\n  - {c: 'd'}\ne:\n", report);
  ASSERT_TRUE(root);
  EXPECT_TRUE(report.ok()) << report.text();
  ASSERT_EQ(root->kind, Node::Kind::Map);
  ASSERT_EQ(root->entries.size(), 3U);
  EXPECT_EQ(root->entries[0].key, "a");
  EXPECT_EQ(root->entries[0].value.text, "1");
  EXPECT_EQ(root->entries[0].value.place, (Place{1, 4}));
  const Node& list = root->entries[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].entries.at(0).value.text, "d");
  EXPECT_EQ(list.items[1].entries.at(0).place, (Place{4, 6}));
  EXPECT_EQ(root->entries[2].value.kind, Node::Kind::Null);
}

TEST(YamlDocument, ReportsEveryDuplicateKeyHoweverDeep) {
  EXPECT_EQ(problems("a: 1\nb:\n  - c: {d: 1, d: 2}\na: 2\n"),
            "f:3:15: b[0].c.d: duplicate key, first at line 3\n"
            "f:4:1: a: duplicate key, first at line 1\n");
}

TEST(YamlDocument, KeepsTheFirstOfADuplicateKey) {
  Report report("f");
  const std::optional<Node> root = read_yaml("a: 1\na: {b: 2}\n", report);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->entries.size(), 1U);
  EXPECT_EQ(root->entries[0].value.text, "1");
}

TEST(YamlDocument, TakesOnlyTextAsAKey) {
  EXPECT_EQ(problems("a:\n  ? [x]\n  : 1\n"), "f:2:5: a: a key must be plain text\n");
}

TEST(YamlDocument, SaysWhereTheSyntaxBreaks) {
  EXPECT_EQ(problems("a: 1\n\tb: 2\n"),
            "f:2:1: not valid YAML: illegal tab when looking for indentation (line 2 begins with a "
            "tab, which YAML does not take as indentation)\n");
  EXPECT_EQ(
      problems("a: [\nb\n\tc: 1\n"),
      "f:3:3: not valid YAML: end of sequence flow not found (line 3 begins with a tab, which "
      "YAML does not take as indentation)\n");
  EXPECT_EQ(problems("a: *nope\n"),
            "f:1:4: not valid YAML: the referenced anchor is not defined\n");
}

TEST(YamlDocument, NamesAnUnknownEscapeInTextThatCanBeShown) {
  EXPECT_EQ(problems("a: \"\\q\"\n"), "f:1:7: not valid YAML: unknown escape character: q\n");
  EXPECT_EQ(problems("a: \"\\\u0454\"\n"),
            "f:1:7: not valid YAML: unknown escape character: \uFFFD\n");
}

TEST(YamlDocument, SeesAQuoteThatIsNeverClosed) {
  EXPECT_EQ(problems("a: 1\nb: \"x\n"), "f:2:4: b: the quote that begins here is not closed\n");
  EXPECT_EQ(problems("a: 'it''s'\nb: \"\\\"\"\n"), "");
}

TEST(YamlDocument, RefusesAnEscapeThatWouldBecomeAByte) {
  for (const std::string escape : {"\\N", "\\_"}) {
    EXPECT_EQ(problems("a: \"x" + escape + "\"\n"),
              "f:1:4: a: has an escape that is not known here: write \\N as \\u0085, \\_ as "
              "\\u00A0\n");
    EXPECT_NE(problems("\"x" + escape + "\": 1\n"), "");
  }
  EXPECT_EQ(problems(R"(a: "\u0085\u00A0\L")"), "");
}

TEST(YamlDocument, IsOneDocumentAndNotNone) {
  EXPECT_EQ(problems(""), "f: is empty\n");
  EXPECT_EQ(problems("# only a comment\n"), "f: is empty\n");
  EXPECT_EQ(problems("a: 1\n---\nb: 2\n"),
            "f:2:1: a second document begins here; a file holds one\n");
}

TEST(YamlDocument, FollowsAliasesUpToALimit) {
  Report report("f");
  const std::optional<Node> root = read_yaml("a: &x {k: v}\nb: *x\n", report);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->entries.at(1).value.entries.at(0).value.text, "v");
  EXPECT_EQ(problems("a: &x [*x]\n"), "f:1:8: a[0]: the alias stands inside what it refers to\n");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int copies = 1; copies < 10; ++copies) bomb += ", " + last;
    bomb += "]\n";
  }
  EXPECT_EQ(problems(bomb), "f: has more than 100000 values\n");
}

TEST(YamlDocument, RefusesNestingWithoutEnd) {
  const std::string deep = problems(std::string(100'000, '['));
  EXPECT_TRUE(deep.starts_with("f:1:")) << deep.substr(0, 200);
}

}  // namespace
}  // namespace outrider::config
