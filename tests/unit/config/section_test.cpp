#include "config/section.h"

#include "config/load.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outrider::config::test {

enum class Colour { Red, Green };

struct Inner {
  int depth = 3;
};

struct Everything {
  std::string name = "unnamed";
  bool flag = false;
  std::uint8_t small = 7;
  double ratio = 0.5;
  std::chrono::milliseconds wait{1'000};
  std::size_t bytes = 1024;
  Colour colour = Colour::Red;
  std::string secret;
  std::optional<int> maybe;
  std::vector<std::string> words = {"one"};
  std::vector<Inner> inners;
  std::map<std::string, std::string> properties;
  std::map<std::string, Inner> named;
  Inner inner;
  int grouped = 1;
  std::string left;
  std::string right;
};

void describe(Section<Inner>& section) {
  section.field("depth", &Inner::depth, "How deep.").range(1, 10);
}

void describe(Section<Everything>& section) {
  section.field("name", &Everything::name, "A name.").required();
  section.field("flag", &Everything::flag, "A flag.");
  section.field("small", &Everything::small, "A small number.");
  section.field("ratio", &Everything::ratio, "A ratio.");
  section.field("wait", &Everything::wait, "A time.")
      .range(std::chrono::milliseconds(10), std::chrono::milliseconds(60'000));
  section.field("bytes", &Everything::bytes, "A size.").bytes().range(1, 1024 * 1024);
  section.field("colour", &Everything::colour, "A colour.")
      .names({{"red", Colour::Red}, {"green", Colour::Green}});
  section.field("secret", &Everything::secret, "A secret.").secret();
  section.field("secret_number", &Everything::grouped, "A secret number.").secret();
  section.field("maybe", &Everything::maybe, "Perhaps a number.");
  section.field("words", &Everything::words, "Words.").not_empty();
  section.field("inners", &Everything::inners, "Inner ones.");
  section.field("properties", &Everything::properties, "Properties.")
      .check_key([](const std::string& key) {
        return key == "evil" ? std::optional<std::string>("is evil") : std::nullopt;
      });
  section.field("named", &Everything::named, "Named inner ones.");
  section.field("inner", &Everything::inner, "An inner one.");
  Section<Everything>& group = section.group("group", "A group.");
  group.field("grouped", &Everything::grouped, "A number in a group.");
  section.field("left", &Everything::left, "Left.");
  section.field("right", &Everything::right, "Right.");
  section.at_most_one({"left", "right"});
}

Surroundings no_surroundings() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            return name == "WAIT" ? std::optional<std::string>("30s") : std::nullopt;
          },
          .file = [](const std::string&) -> std::expected<std::string, std::string> {
            return std::unexpected("no such file");
          }};
}

struct Outcome {
  Everything value;
  std::string problems;
};

Outcome read(const std::string& text) {
  Report report("f");
  Outcome outcome;
  if (const std::optional<Node> root = read_document(text, report)) {
    outcome.value = fill<Everything>(*root, no_surroundings(), report);
  }
  outcome.problems = report.text();
  return outcome;
}

std::string problems(const std::string& text) { return read("name: x\n" + text).problems; }

TEST(Section, KeepsTheInitialisersOfWhatIsNotSaid) {
  const Outcome outcome = read("name: x\n");
  EXPECT_EQ(outcome.problems, "");
  EXPECT_EQ(outcome.value.name, "x");
  EXPECT_EQ(outcome.value.small, 7);
  EXPECT_EQ(outcome.value.wait, std::chrono::seconds(1));
  EXPECT_EQ(outcome.value.words, std::vector<std::string>{"one"});
  EXPECT_EQ(outcome.value.inner.depth, 3);
  EXPECT_EQ(outcome.value.maybe, std::nullopt);
}

TEST(Section, ReadsEveryTypeOfField) {
  const Outcome outcome = read(
      "name: \"007\"\nflag: true\nsmall: 255\nratio: 0.25\nwait: ${env:WAIT}\nbytes: 64KiB\n"
      "colour: green\nsecret: s\nmaybe: -1\nwords: [a, b]\ninners: [{depth: 1}, {}]\n"
      "properties: {linger.ms: 5, empty: \"\"}\nnamed: {a: {depth: 4}, b: }\ninner: {depth: 9}\n"
      "group: {grouped: 8}\n");
  EXPECT_EQ(outcome.problems, "");
  const Everything& value = outcome.value;
  EXPECT_EQ(value.name, "007");
  EXPECT_TRUE(value.flag);
  EXPECT_EQ(value.small, 255);
  EXPECT_EQ(value.ratio, 0.25);
  EXPECT_EQ(value.wait, std::chrono::seconds(30));
  EXPECT_EQ(value.bytes, 65'536U);
  EXPECT_EQ(value.colour, Colour::Green);
  EXPECT_EQ(value.secret, "s");
  EXPECT_EQ(value.maybe, -1);
  EXPECT_EQ(value.words, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(value.inners.size(), 2U);
  EXPECT_EQ(value.inners[0].depth, 1);
  EXPECT_EQ(value.inners[1].depth, 3);
  EXPECT_EQ(value.properties,
            (std::map<std::string, std::string>{{"linger.ms", "5"}, {"empty", ""}}));
  EXPECT_EQ(value.named.at("a").depth, 4);
  EXPECT_EQ(value.named.at("b").depth, 3);
  EXPECT_EQ(value.inner.depth, 9);
  EXPECT_EQ(value.grouped, 8);
}

TEST(Section, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(problems("colur: red\n"), "f:2:1: colur: unknown key (did you mean \"colour\"?)\n");
  EXPECT_EQ(problems("inner: {x: 1}\n"), "f:2:9: inner.x: unknown key; known here: depth\n");
}

TEST(Section, SaysWhatWasExpectedAndWhatWasFound) {
  EXPECT_EQ(problems("flag: yes\n"), "f:2:7: flag: expected true or false, found \"yes\"\n");
  EXPECT_EQ(problems("small: [1]\n"), "f:2:8: small: expected a single value, found a list\n");
  EXPECT_EQ(problems("small: x\n"), "f:2:8: small: expected a whole number, found \"x\"\n");
  EXPECT_EQ(problems("small: 256\n"),
            "f:2:8: small: expected a whole number from 0 to 255, found \"256\"\n");
  EXPECT_EQ(problems("ratio: x\n"), "f:2:8: ratio: expected a number, found \"x\"\n");
  EXPECT_EQ(problems("wait: 10\n"),
            "f:2:7: wait: expected a duration such as 500ms, 10s, 5m or 1h, found \"10\"\n");
  EXPECT_EQ(problems("bytes: 10\n"),
            "f:2:8: bytes: expected a size such as 512KiB, 64MiB or 1GiB, found \"10\"\n");
  EXPECT_EQ(problems("colour: grene\n"),
            "f:2:9: colour: expected one of: red, green, found \"grene\" (did you mean "
            "\"green\"?)\n");
  EXPECT_EQ(problems("words: a\n"), "f:2:8: words: expected a list, found \"a\"\n");
  EXPECT_EQ(problems("inner: [a]\n"), "f:2:8: inner: expected a map, found a list\n");
  EXPECT_EQ(problems("flag: ~\n"), "f:2:7: flag: has no value\n");
}

TEST(Section, HoldsBounds) {
  EXPECT_EQ(problems("wait: 1ms\n"), "f:2:7: wait: must be between 10ms and 1m\n");
  EXPECT_EQ(problems("bytes: 1GiB\n"), "f:2:8: bytes: must be between 1B and 1MiB\n");
  EXPECT_EQ(problems("inners: [{depth: 1}, {depth: 11}]\n"),
            "f:2:30: inners[1].depth: must be between 1 and 10\n");
  EXPECT_EQ(problems("words: []\n"), "f:2:8: words: must not be empty\n");
  EXPECT_EQ(problems("properties: {evil: 1}\n"), "f:2:14: properties.evil: is evil\n");
}

TEST(Section, SaysWhatIsMissingAndWhatExcludesEachOther) {
  EXPECT_EQ(read("flag: true\n").problems, "f:1:1: name: is missing\n");
  EXPECT_EQ(problems("left: a\nright: b\n"),
            "f:1:1: only one of these may be given: left, right\n");
}

TEST(Section, NeverShowsASecretNorTheValueOfAVariable) {
  EXPECT_EQ(problems("secret_number: hunter2\n"),
            "f:2:16: secret_number: expected a whole number\n");
  EXPECT_EQ(problems("secret: ${env:NOPE}\n"),
            "f:2:9: secret: the environment variable NOPE is not set (a default is written "
            "${env:NOPE:-default})\n");
  EXPECT_EQ(problems("small: ${env:WAIT}\n"),
            "f:2:8: small: expected a whole number, found \"${env:WAIT}\"\n");
}

TEST(Section, ReportsEachProblemInOneLineWhateverTheFileHolds) {
  const std::string lines = problems("flag: \"a\\0b\\e[31mc\\nd\"\n\"k\\n\": 1\n");
  EXPECT_EQ(std::ranges::count(lines, '\n'), 2) << lines;
  EXPECT_EQ(lines.find_first_of(std::string_view("\0\x1B", 2)), std::string::npos) << lines;
}

TEST(Section, ReportsAllProblemsAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(problems("wait: 1\ninner: {depth: 0, depth: 1}\nflag: no\nnmae: y\n"),
            "f:2:7: wait: expected a duration such as 500ms, 10s, 5m or 1h, found \"1\"\n"
            "f:3:16: inner.depth: must be between 1 and 10\n"
            "f:3:19: inner.depth: duplicate key, first at line 3\n"
            "f:4:7: flag: expected true or false, found \"no\"\n"
            "f:5:1: nmae: unknown key (did you mean \"name\"?)\n");
}

TEST(Section, RefusesADocumentThatIsNoMap) {
  EXPECT_EQ(read("[1]\n").problems, "f:1:1: expected a map, found a list\n");
  EXPECT_EQ(read("text\n").problems, "f:1:1: expected a map, found \"text\"\n");
}

const FieldDescription& find(const std::vector<FieldDescription>& fields, const std::string& name) {
  for (const FieldDescription& field : fields) {
    if (field.name == name) return field;
  }
  ADD_FAILURE() << "no field " << name;
  return fields.front();
}

TEST(Section, DescribesItselfWithTypesAndDefaults) {
  const std::vector<FieldDescription> fields = describe_fields<Everything>();
  EXPECT_TRUE(find(fields, "name").required);
  EXPECT_EQ(find(fields, "name").default_text, "");
  EXPECT_EQ(find(fields, "wait").type, "duration");
  EXPECT_EQ(find(fields, "wait").default_text, "1s");
  EXPECT_EQ(find(fields, "bytes").default_text, "1KiB");
  EXPECT_EQ(find(fields, "colour").type, "one of: red, green");
  EXPECT_EQ(find(fields, "words").type, "list of text");
  EXPECT_EQ(find(fields, "words").default_text, "[one]");
  EXPECT_EQ(find(fields, "named").type, "map of section");
  EXPECT_EQ(find(find(fields, "named").children, "depth").default_text, "3");
  EXPECT_EQ(find(find(fields, "group").children, "grouped").default_text, "1");
  EXPECT_TRUE(find(fields, "secret").secret);
}

}  // namespace outrider::config::test
