// What the built program itself says: its help, and its judgement of the documents' examples.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace outrider {
namespace {

using ::testing::HasSubstr;

struct Answer {
  int code = -1;
  std::string text;  // Of both outputs.
};

Answer ask_outrider(const std::string& arguments) {
  FILE* pipe = popen(fmt::format("'{}' {} 2>&1", OUTRIDER_BINARY, arguments).c_str(), "r");
  if (pipe == nullptr) return {};
  Answer answer;
  char buffer[4096];
  while (const std::size_t count = fread(buffer, 1, sizeof(buffer), pipe)) {
    answer.text.append(buffer, count);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) answer.code = WEXITSTATUS(status);
  return answer;
}

std::vector<std::string> subcommands_of(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help);
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) listed = false;
    if (listed) names.push_back(line.substr(2, line.find(' ', 2) - 2));
    if (line == "Subcommands:") listed = true;
  }
  return names;
}

// Returns how many commands there are, this one included. `above` is the example of the command
// around it, which a command without one of its own shows.
int expect_example(const std::string& command, const std::string& above) {
  const Answer help = ask_outrider(command + " --help");
  EXPECT_EQ(help.code, 0) << command;
  const std::string example =
      help.text.substr(std::min(help.text.find("\nExample"), help.text.size()));
  EXPECT_THAT(example, HasSubstr("\n  outrider" + command));
  EXPECT_NE(example, above) << "outrider" << command << " has no example of its own";
  int count = 1;
  for (const std::string& name : subcommands_of(help.text)) {
    count += expect_example(command + " " + name, example);
  }
  return count;
}

TEST(Binary, ShowsAnExampleInTheHelpOfEveryCommand) { EXPECT_GT(expect_example("", ""), 6); }

TEST(Binary, PrintsTheExampleOfTheTree) {
  std::ostringstream text;
  text << std::ifstream(OUTRIDER_SOURCE_DIR "/config/example.yaml").rdbuf();
  const Answer answer = ask_outrider("config example");
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.text, text.str());
}

TEST(Binary, PrintsAConfigurationWithItsOriginsThatItTakesAgain) {
  const std::string path = fmt::format("{}printed-{}.yaml", ::testing::TempDir(), getpid());
  const Answer printed =
      ask_outrider("config print -c " OUTRIDER_SOURCE_DIR "/deploy/debian/outrider.yaml");
  EXPECT_EQ(printed.code, 0);
  EXPECT_THAT(printed.text, HasSubstr("/outrider.yaml:"));
  EXPECT_THAT(printed.text, HasSubstr("# default\n"));
  std::ofstream(path) << printed.text;
  EXPECT_EQ(ask_outrider(fmt::format("check -c '{}'", path)).code, 0);
  std::filesystem::remove(path);
  EXPECT_EQ(ask_outrider("config print -c /nowhere/outrider.yaml").code, 78);
}

struct Snippet {
  std::string place;  // file:line of its fence
  std::string text;
};

// The fenced blocks whose language is yaml and nothing else. A second word on the fence, such as
// `fragment` or `kubernetes`, says that the block is no whole configuration of Outrider.
std::vector<Snippet> snippets_in(const std::filesystem::path& document) {
  std::vector<Snippet> snippets;
  std::ifstream file(document);
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string fence = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    if (inside && fence == "```") {
      inside = false;
    } else if (inside) {
      snippets.back().text += line + "\n";
    } else if (fence == "```yaml" || fence == "```yml") {
      inside = true;
      snippets.push_back({fmt::format("{}:{}", document.string(), number), ""});
    }
  }
  return snippets;
}

std::vector<std::filesystem::path> documents() {
  std::vector<std::filesystem::path> found;
  std::filesystem::recursive_directory_iterator entry(OUTRIDER_SOURCE_DIR);
  for (; entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename();
    const bool foreign = name == "build" || name.starts_with('.');
    if (entry->is_directory() && foreign) entry.disable_recursion_pending();
    if (entry->is_regular_file() && name.ends_with(".md")) found.push_back(entry->path());
  }
  return found;
}

TEST(Binary, AcceptsEveryConfigurationThatADocumentShows) {
  const std::string path = fmt::format("{}snippet-{}.yaml", ::testing::TempDir(), getpid());
  int count = 0;
  for (const std::filesystem::path& document : documents()) {
    for (const Snippet& snippet : snippets_in(document)) {
      std::ofstream(path) << snippet.text;
      const Answer answer = ask_outrider(fmt::format("check -c '{}'", path));
      EXPECT_EQ(answer.code, 0) << snippet.place << "\n" << answer.text;
      ++count;
    }
  }
  std::filesystem::remove(path);
  EXPECT_GT(count, 0) << "no document shows a configuration";
}

}  // namespace
}  // namespace outrider
