#include "tests/integration/troubleshooting_page.h"

#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;
const std::string kAnything = "…";
/// Of tables without a column that says it.
const std::string kUsualCommand = "check";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// The text of a cell that is code as a whole (see CommonMark, "Code spans"); others as they are.
std::string without_code_marks(const std::string& cell) {
  const std::size_t ticks = std::min(cell.find_first_not_of('`'), cell.size());
  if (ticks == 0 || cell.size() < 2 * ticks) return cell;
  std::string text = cell.substr(ticks, cell.size() - 2 * ticks);
  const bool is_padded = text.size() > 1 && text.front() == ' ' && text.back() == ' ';
  return is_padded ? text.substr(1, text.size() - 2) : text;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|' && line[i - 1] != '\\') {
      cells.push_back(without_code_marks(trimmed(cell)));
      cell.clear();
    } else if (line[i] != '\\' || line.substr(i, 2) != "\\|") {
      cell += line[i];
    }
  }
  return cells;
}

/// "`setup`, `checkpoint show`", of which the first and last mark are gone already.
std::vector<std::string> commands_of(const std::string& cell) {
  std::vector<std::string> commands;
  std::string rest = cell;
  for (std::size_t cut = 0; (cut = rest.find("`, `")) != std::string::npos;) {
    commands.push_back(rest.substr(0, cut));
    rest.erase(0, cut + 4);
  }
  commands.push_back(rest);
  return commands;
}

PageRow row_of(const std::string& area, const std::vector<std::string>& columns,
               const std::vector<std::string>& cells) {
  if (cells.size() != columns.size()) throw std::runtime_error("a torn row: " + cells.at(0));
  std::map<std::string, std::string> by_name;
  for (std::size_t i = 0; i < columns.size(); ++i) by_name[columns[i]] = cells[i];
  const bool says_who = by_name.contains("said by");
  return {.area = area,
          .wrong = by_name.at("what is wrong"),
          .said_by = commands_of(says_who ? by_name["said by"] : kUsualCommand),
          .message = by_name.at("message"),
          .remedy = by_name["remedy"]};
}

std::vector<PageRow> read_page() {
  std::ifstream page(OUTRIDER_SOURCE_DIR "/deploy/TROUBLESHOOTING.md");
  std::vector<PageRow> rows;
  std::string area;
  std::vector<std::string> columns;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("#")) area = trimmed(line.substr(line.find_first_not_of('#')));
    if (!line.starts_with("|")) {
      columns.clear();
    } else if (columns.empty()) {
      columns = cells_of(line);
    } else if (!line.starts_with("|---")) {
      rows.push_back(row_of(area, columns, cells_of(line)));
    }
  }
  return rows;
}

/// "Kafka: TLS" is "KafkaTLS", "The port is taken" is "ThePortIsTaken".
std::string camel_case(const std::string& words) {
  std::string name;
  bool begins = true;
  for (const char c : words) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) {
      name += begins ? static_cast<char>(std::toupper(letter)) : c;
    }
    begins = std::isalnum(letter) == 0;
  }
  return name;
}

PageRow row_of_this_test() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test->test_suite_name()) + "." + test->name();
  const auto row = std::ranges::find(page_rows(), name, &PageRow::test);
  if (row != page_rows().end()) return *row;
  ADD_FAILURE() << "TROUBLESHOOTING.md has no row for " << name;
  return {};
}

bool is_said_by(const PageRow& row, const std::string& words) {
  return std::ranges::any_of(row.said_by, [&](const std::string& command) {
    return (words + " ").starts_with(command + " ");
  });
}

bool fits(const Said& said, const PageRow& row) {
  return is_said_by(row, said.by) && is_written_as(said.message, row.message) &&
         is_written_as(said.remedy, row.remedy);
}

/// Takes off what stands before a message: place in a file, command, number of a finding, or time
/// and severity of a line of the log.
std::string without_front(const std::string& line) {
  static const std::regex kFront(
      "^(\\S+\\.yaml(:\\d+:\\d+)?: |outrider [a-z]+: | *\\d+\\. [a-z]+: |"
      "\\S+Z [a-z]+ +(\\[\\S+\\] )?)");
  return std::regex_replace(line, kFront, "");
}

std::vector<Said> messages_in(const std::string& by, const std::string& output) {
  static const std::regex kRemedy("^ +remedy: +");
  const std::string in_log = "; hint: ";
  std::vector<Said> said;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_search(line, kRemedy) && !said.empty()) {
      said.back().remedy = std::regex_replace(line, kRemedy, "");
      continue;
    }
    const std::string text = without_front(line);
    const std::size_t cut = text.find(in_log);
    said.push_back({.by = by,
                    .message = text.substr(0, cut),
                    .remedy = cut == std::string::npos ? "" : text.substr(cut + in_log.size())});
  }
  return said;
}

void expect_fit(const PageRow& row, const std::vector<Said>& said) {
  if (std::ranges::any_of(said, [&](const Said& each) { return fits(each, row); })) return;
  std::string all;
  for (const Said& each : said) {
    all += "| `" + each.by + "` | `" + each.message + "` | `" + each.remedy + "` |\n";
  }
  ADD_FAILURE() << "the page says: " << row.message << "\n  remedy: " << row.remedy
                << "\nthe program:\n"
                << all;
}

}  // namespace

std::string PageRow::test() const { return camel_case(area) + "." + camel_case(wrong); }

const std::vector<PageRow>& page_rows() {
  static const std::vector<PageRow> rows = read_page();
  return rows;
}

bool is_written_as(const std::string& text, const std::string& pattern) {
  std::size_t at = 0;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = pattern.find(kAnything, begin)) != std::string::npos;) {
    const std::string words = pattern.substr(begin, end - begin);
    const std::size_t found = text.find(words, at);
    if (found == std::string::npos || (begin == 0 && found != 0)) return false;
    at = found + words.size();
    begin = end + kAnything.size();
  }
  const std::string last = pattern.substr(begin);
  return begin == 0 ? text == last : text.size() >= at + last.size() && text.ends_with(last);
}

std::vector<Said> outrider(const std::vector<std::string>& words,
                           const std::filesystem::path& configuration) {
  const TemporaryFolder folder;
  std::vector<std::string> command{OUTRIDER_BINARY};
  command.insert(command.end(), words.begin(), words.end());
  if (!configuration.empty()) command.insert(command.end(), {"-c", configuration.string()});
  Process process({.command = command, .log = folder.path() / "said"});
  EXPECT_TRUE(process.wait(kPatience)) << "it does not end";
  std::ifstream file(folder.path() / "said");
  std::string by;
  for (const std::string& word : words) by += (by.empty() ? "" : " ") + word;
  return messages_in(by, {std::istreambuf_iterator<char>(file), {}});
}

void expect_row(const std::vector<Said>& said) { expect_fit(row_of_this_test(), said); }

void expect_row(const std::function<std::optional<PipelineReport>()>& report) {
  const PageRow row = row_of_this_test();
  Said said{.by = "run", .message = {}, .remedy = {}};
  // Until it says so, or will not say anything else.
  eventually(kPatience, [&] {
    const PipelineReport now = report().value_or(PipelineReport{});
    said.message = now.reason;
    said.remedy = now.hint;
    return fits(said, row) || now.state == "halted";
  });
  expect_fit(row, {said});
}

}  // namespace outrider::testing
