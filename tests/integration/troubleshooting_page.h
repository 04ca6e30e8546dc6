// deploy/TROUBLESHOOTING.md as its tests read it, and what the program says, to compare the two.
// Used by troubleshooting_*.cpp.
//
// A row of the page and its test find each other by name: under "### Kafka: TLS", the row "The port
// speaks no TLS" is TEST(KafkaTls, ThePortSpeaksNoTls). To add one, write the row, and a test that
// makes the mistake and ends in expect_row(), as in
//   TEST(PostgresSlot, TheSlotIsMissing) { expect_row(outrider({"check"}, configuration)); }
#pragma once

#include "tests/support/relay_process.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outrider::testing {

/// Cells without Markdown. In message and remedy, `…` stands for any text.
struct PageRow {
  std::string area;   ///< The heading above its table.
  std::string wrong;  ///< What is wrong.
  std::vector<std::string> said_by;
  std::string message;
  std::string remedy = {};  ///< Empty: the message says it.

  /// Suite and name of its test.
  std::string test() const;
};

const std::vector<PageRow>& page_rows();

/// One message of the program.
struct Said {
  std::string by;  ///< The words after `outrider`.
  std::string message;
  std::string remedy;
};

/// True if the text is the pattern, whose `…` stand for any text.
bool is_written_as(const std::string& text, const std::string& pattern);

/// Runs the program to its end, with `-c configuration` unless that is empty: all that it says.
std::vector<Said> outrider(const std::vector<std::string>& words,
                           const std::filesystem::path& configuration = {});

/// Expects that one of these messages is the row of the running test, word for word.
void expect_row(const std::vector<Said>& said);

/// The same of reason and remedy that a running relay gives for its pipeline `main`; waits for it.
void expect_row(const std::function<std::optional<PipelineReport>()>& report);

}  // namespace outrider::testing
