// What the built program itself says: its help, and its judgement of the documents' examples.
#include "tests/support/certificates.h"
#include "tests/support/temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Answer {
  int code = -1;
  std::string text;  // Of both outputs.
};

Answer ask(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
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

Answer ask_outrider(const std::string& arguments) {
  return ask(fmt::format("'{}' {}", OUTRIDER_BINARY, arguments));
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

TEST(Binary, SaysWhereAnOwnersPasswordIsOutOfSight) {
  for (const char* command : {"setup", "teardown", "emit"}) {
    EXPECT_THAT(ask_outrider(std::string(command) + " --help").text, HasSubstr("PGPASSFILE"));
  }
}

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

TEST(Binary, TakesAUserOnlyTogetherWithThePasswordFile) {
  for (const char* command : {"status", "healthcheck"}) {
    const std::string asking = fmt::format("{} --url http://127.0.0.1:1 ", command);
    EXPECT_EQ(ask_outrider(asking + "--user prometheus").code, 64);
    EXPECT_EQ(ask_outrider(asking + "--password-file /dev/null").code, 64);
    EXPECT_EQ(ask_outrider(asking + "--user a:b --password-file /dev/null").code, 64);
    EXPECT_EQ(ask_outrider(asking + "--user prometheus --password-file /dev/null").code, 69);
  }
}

TEST(Binary, OfSeveralPipelinesEveryCommandThatNeedsOneAsksForItsName) {
  const std::string path = fmt::format("{}several-{}.yaml", ::testing::TempDir(), getpid());
  std::ofstream(path) << "version: 1\n"
                         "pipelines:\n"
                         "  a: { source: { postgres: { dsn: dbname=a } }, sink: { stdout: } }\n"
                         "  b: { source: { postgres: { dsn: dbname=b } }, sink: { stdout: } }\n";
  for (const char* command :
       {"checkpoint show", "checkpoint accept-gap", "checkpoint adopt", "checkpoint set --lsn end",
        "setup --role r --print-sql", "teardown --dsn dbname=a", "tail", "skip --event 0/1:1",
        "emit --aggregate-type a --aggregate-id 1 --type a"}) {
    const Answer without = ask_outrider(fmt::format("{} -c '{}'", command, path));
    EXPECT_EQ(without.code, 64) << command;
    EXPECT_THAT(without.text, HasSubstr(": the file has several pipelines\n"
                                        "  remedy: --pipeline is one of: a, b\n"));
    const Answer other = ask_outrider(fmt::format("{} -c '{}' --pipeline c", command, path));
    EXPECT_EQ(other.code, 64) << command;
    EXPECT_THAT(other.text, HasSubstr(": there is no pipeline \"c\"\n"));
    EXPECT_EQ(ask_outrider(fmt::format("{} -c /nowhere.yaml", command)).code, 78) << command;
  }
  std::filesystem::remove(path);
}

TEST(Binary, RefusesAnOwnersDsnWhosePasswordIsNotEncodedWithoutShowingIt) {
  for (const char* command : {"setup", "teardown --keep-checkpoint",
                              "emit --aggregate-type a --aggregate-id 1 --type t"}) {
    for (const char* dsn : {"postgresql://owner:hunter@two@localhost/order_db",
                            "postgresql://owner:hunter/two@localhost:5432/order_db"}) {
      const Answer answer = ask_outrider(fmt::format(
          "{} -c " OUTRIDER_SOURCE_DIR "/deploy/debian/outrider.yaml --dsn '{}'", command, dsn));
      EXPECT_EQ(answer.code, 78) << command << answer.text;
      EXPECT_THAT(answer.text, HasSubstr("%40 %2F %3A")) << command;
      EXPECT_THAT(answer.text, Not(HasSubstr("hunter"))) << command;
      EXPECT_THAT(answer.text, Not(HasSubstr("two"))) << command;
    }
  }
}

struct Snippet {
  std::string place;  // file:line of its fence
  std::string kind;   // The words on its fence.
  std::string text;
};

// The fenced blocks that say they are YAML.
std::vector<Snippet> snippets_in(const std::filesystem::path& document) {
  std::vector<Snippet> snippets;
  std::ifstream file(document);
  std::optional<Snippet> open;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string fence = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    const bool is_fence = fence.starts_with("```");
    if (open && !is_fence) {
      open->text += line + "\n";
    } else if (open) {
      const bool is_yaml = open->kind.find("yaml") != std::string::npos ||
                           open->kind.find("yml") != std::string::npos;
      if (is_yaml) snippets.push_back(*std::move(open));
      open.reset();
    } else if (is_fence) {
      open = {fmt::format("{}:{}", document.string(), number), fence.substr(3), ""};
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

// What the documents' examples name lies here.
class Documents : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    return folder_.path() / name;
  }

  Answer check(const std::string& text) const {
    return ask_outrider(fmt::format("check -c '{}'", write("outrider.yaml", text).string()));
  }

  // With files and a hash in the places of those that the example only names.
  Answer check_web(std::string text) const {
    const testing::Certificate server = authority_.issue("server");
    std::filesystem::rename(server.certificate, folder_.path() / "server.pem");
    std::filesystem::rename(server.key, folder_.path() / "server.key");
    const std::string hash = "$2y$10$…";
    const std::size_t at = text.find(hash);
    if (at == std::string::npos) return {.text = "it shows no " + hash};
    text.replace(at, hash.size(), "$2y$10$WDUGCD8SAS10Z6Vs1FkPae.G6M7BLM3a.X3uGn6b7nafcdDR6D2UO");
    return check(fmt::format(R"(version: 1
http: {{ web_config_file: "{}" }}
pipelines:
  orders:
    source: {{ postgres: {{ dsn: "dbname=order_db" }} }}
    sink: {{ kafka: {{ bootstrap_servers: "localhost:9092" }} }}
)",
                             write("web.yaml", text).string()));
  }

  Answer check_prometheus(const std::string& text) const {
    return ask(fmt::format("promtool check config --syntax-only '{}'",
                           write("prometheus.yaml", text).string()));
  }

 private:
  testing::TemporaryFolder folder_;
  testing::Authority authority_{folder_.path(), "clients-ca"};
};

TEST_F(Documents, ShowOnlyYamlThatItsReaderTakes) {
  std::map<std::string, int> count;
  for (const std::filesystem::path& document : documents()) {
    for (const Snippet& snippet : snippets_in(document)) {
      Answer answer{.text = "unknown words on the fence: " + snippet.kind};
      if (snippet.kind == "yaml") answer = check(snippet.text);
      if (snippet.kind == "yaml web") answer = check_web(snippet.text);
      if (snippet.kind == "yaml prometheus") answer = check_prometheus(snippet.text);
      EXPECT_EQ(answer.code, 0) << snippet.place << "\n" << answer.text;
      ++count[snippet.kind];
    }
  }
  EXPECT_GE(count["yaml"], 5);
  EXPECT_GE(count["yaml web"], 1);
  EXPECT_GE(count["yaml prometheus"], 1);
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

const std::filesystem::path kManPage = OUTRIDER_SOURCE_DIR "/deploy/debian/outrider.1";

/// What the help of one command offers.
struct Offers {
  std::set<std::string> commands;
  std::set<std::string> options;
};

const Offers& offers_of(const std::string& command) {
  static std::map<std::string, Offers> known;
  const auto [found, is_new] = known.try_emplace(command);
  if (!is_new) return found->second;
  const Answer help = ask_outrider(command + " --help");
  EXPECT_EQ(help.code, 0) << command;
  for (const std::string& name : subcommands_of(help.text)) found->second.commands.insert(name);
  static const std::regex kOption(R"(\n  (-[-a-z,A-Z]*))");
  for (std::sregex_iterator at(help.text.begin(), help.text.end(), kOption), end; at != end; ++at) {
    std::istringstream names((*at)[1]);
    for (std::string name; std::getline(names, name, ',');) found->second.options.insert(name);
  }
  return found->second;
}

/// A place in a document, and code that stands there.
using Code = std::pair<std::string, std::string>;

/// Inline code and fenced blocks, with each line that ends in a backslash joined to the next.
std::vector<Code> code_in(const std::filesystem::path& document) {
  static const std::regex kInline("`([^`]+)`");
  const std::string text = std::regex_replace(text_of(document), std::regex(R"(\\\n\s*)"), " ");
  std::vector<Code> found;
  std::istringstream lines(text);
  std::string prose;
  bool fenced = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("```") != std::string::npos) {
      fenced = !fenced;
    } else if (fenced) {
      found.emplace_back(document.string(), line);
    } else {
      prose += line + " ";
    }
  }
  for (std::sregex_iterator at(prose.begin(), prose.end(), kInline), end; at != end; ++at) {
    found.emplace_back(document.string(), (*at)[1]);
  }
  return found;
}

/// As a shell splits it, up to what ends a command or begins a comment. What is quoted is one word
/// that says nothing.
std::vector<std::string> words_of(const std::string& code) {
  static const std::regex kWord(R"("[^"]*"|'[^']*'|#.*|[|;&<>()]|[^\s"'|;&<>()]+)");
  std::vector<std::string> words;
  for (std::sregex_iterator at(code.begin(), code.end(), kWord), end; at != end; ++at) {
    words.push_back(at->str());
  }
  return words;
}

bool begins_a_command(const std::vector<std::string>& words, std::size_t at) {
  static const std::set<std::string> kBefore = {"|", ";", "&", "(", "--", "sudo", "exec"};
  return at == 0 || kBefore.contains(words[at - 1]);
}

/// Checks the words after "outrider"; returns how many options were among them.
int expect_offered(std::vector<std::string>::const_iterator word,
                   std::vector<std::string>::const_iterator end, const std::string& place) {
  static const std::regex kName("[a-z][a-z-]+");
  std::string command;
  std::set<std::string> options = offers_of("").options;
  bool named = false;  // A word that is no command has come.
  int checked = 0;
  for (; word != end && std::string("|;&<>()#").find(word->front()) == std::string::npos; ++word) {
    const bool is_option = word->front() == '-' && word->size() > 1;
    if (is_option) {
      const std::string name = word->substr(0, word->find('='));
      EXPECT_TRUE(options.contains(name)) << place << ": outrider" << command << " has no " << name;
      named = true;
      ++checked;
    } else if (!named && !offers_of(command).commands.empty() && std::regex_match(*word, kName)) {
      EXPECT_TRUE(offers_of(command).commands.contains(*word))
          << place << ": outrider" << command << " has no command " << *word;
      if (!offers_of(command).commands.contains(*word)) return checked;
      command += " " + *word;
      options.insert(offers_of(command).options.begin(), offers_of(command).options.end());
    } else {
      named = true;
    }
  }
  return checked;
}

TEST(Binary, HasEveryCommandAndOptionThatADocumentShows) {
  int checked = 0;
  for (const std::filesystem::path& document : documents()) {
    for (const auto& [place, code] : code_in(document)) {
      const std::vector<std::string> words = words_of(code);
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] != "outrider" || !begins_a_command(words, i)) continue;
        checked += expect_offered(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end(),
                                  place + ": " + code);
      }
    }
  }
  EXPECT_GT(checked, 30);
}

/// The man page's section without its markup.
std::string man_section(const std::string& name) {
  const std::string page = text_of(kManPage);
  const std::string title = "\n.SH " + name + "\n";
  const std::size_t begin = page.find(title);
  EXPECT_NE(begin, std::string::npos) << name;
  const std::size_t from = std::min(begin, page.size() - title.size()) + title.size();
  const std::string section = page.substr(from, page.find("\n.SH ", from) - from);
  return std::regex_replace(section, std::regex(R"(\\-)"), "-");
}

/// "69 unavailable" and the like, in order.
std::vector<std::string> exit_codes_in(const std::string& text, const std::regex& code) {
  std::vector<std::string> codes;
  for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at) {
    codes.push_back((*at)[1].str() + " " + (*at)[2].str());
  }
  return codes;
}

TEST(Binary, ItsExitCodesAreThoseOfTheManPageAndTheReadme) {
  const std::regex listed(R"((\d+) ([a-z ]+)[,.])");
  const std::string help = ask_outrider("--help").text;
  const std::size_t begin = help.find("Exit codes:");
  ASSERT_NE(begin, std::string::npos);
  // The help is wrapped.
  const std::string codes = std::regex_replace(
      help.substr(begin, help.find('.', begin) + 1 - begin), std::regex(R"(\s+)"), " ");
  const std::vector<std::string> shown = exit_codes_in(codes, listed);
  EXPECT_GT(shown.size(), 5U);
  EXPECT_EQ(shown, exit_codes_in(man_section("EXIT STATUS"), listed));
  EXPECT_EQ(shown, exit_codes_in(text_of(OUTRIDER_SOURCE_DIR "/README.md"),
                                 std::regex(R"(\n\| (\d+) \| ([a-z ]*[a-z]) *[;|])")))
      << "the README";
}

// Of the Outbox Event Router all options, of the connector those that change what arrives, or how.
TEST(FromDebezium, SaysOfEveryOptionWhatBecomesOfIt) {
  std::ostringstream page;
  page << std::ifstream(OUTRIDER_SOURCE_DIR "/config/FROM_DEBEZIUM.md").rdbuf();
  std::ifstream options(OUTRIDER_SOURCE_DIR "/tests/unit/relay/app/debezium_options.txt");
  int count = 0;
  for (std::string option; std::getline(options, option); ++count) {
    EXPECT_THAT(page.str(), HasSubstr("`" + option + "`"));
  }
  EXPECT_GT(count, 70);
}

}  // namespace
}  // namespace outrider
