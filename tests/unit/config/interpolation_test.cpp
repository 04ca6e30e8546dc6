#include "config/interpolation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace outrider::config {
namespace {

Surroundings surroundings() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            if (name == "HOST") return "db.internal";
            if (name == "EMPTY") return "";
            if (name == "NESTED") return "${env:HOST}";
            return std::nullopt;
          },
          .file = [](const std::string& path) -> std::expected<std::string, std::string> {
            if (path == "/run/secret") return "hunter2\n";
            if (path == "/run/binary") return "\xff";
            return std::unexpected("no such file");
          }};
}

std::string resolved(std::string_view text) {
  return interpolate(text, surroundings()).value_or("failed");
}

std::string failed(std::string_view text) {
  const auto result = interpolate(text, surroundings());
  return result ? "resolved to " + *result : result.error();
}

TEST(Interpolation, PutsVariablesAndFilesIntoTheText) {
  EXPECT_EQ(resolved("host=${env:HOST} port=1"), "host=db.internal port=1");
  EXPECT_EQ(resolved("${env:HOST}${env:HOST}"), "db.internaldb.internal");
  EXPECT_EQ(resolved("${file:/run/secret}"), "hunter2");
}

TEST(Interpolation, TakesTheDefaultIfTheVariableIsUnsetOrEmpty) {
  EXPECT_EQ(resolved("${env:NOPE:-localhost}"), "localhost");
  EXPECT_EQ(resolved("${env:EMPTY:-localhost}"), "localhost");
  EXPECT_EQ(resolved("${env:HOST:-localhost}"), "db.internal");
  EXPECT_EQ(resolved("[${env:NOPE:-}]"), "[]");
  EXPECT_EQ(resolved("[${env:EMPTY}]"), "[]");
}

TEST(Interpolation, LeavesOtherDollarsAloneAndEscapesTwoToOne) {
  EXPECT_EQ(resolved("$1 $NAME $"), "$1 $NAME $");
  EXPECT_EQ(resolved("$${env:HOST} $$$$"), "${env:HOST} $$");
}

TEST(Interpolation, DoesNotLookAgainAtWhatCameIn) {
  EXPECT_EQ(resolved("${env:NESTED}"), "${env:HOST}");
}

TEST(Interpolation, NamesTheVariableThatIsNotSet) {
  EXPECT_EQ(failed("${env:NOPE}"),
            "the environment variable NOPE is not set (a default is written ${env:NOPE:-default})");
}

TEST(Interpolation, SaysWhyAFileCannotBeTaken) {
  EXPECT_EQ(failed("${file:/nope}"), "the file /nope: no such file");
  EXPECT_EQ(failed("${file:relative}"), "${file:relative} needs an absolute path");
  EXPECT_EQ(failed("${file:/run/binary}"), "the file /run/binary is not UTF-8");
}

TEST(Interpolation, RefusesWhatLooksLikeAReferenceButIsNone) {
  EXPECT_EQ(failed("${HOST}"),
            "unknown reference ${HOST} (write ${env:NAME} or ${file:/path}, or $${ for the text "
            "${)");
  EXPECT_EQ(failed("${env:HOST"), "\"${\" without a closing \"}\"");
  EXPECT_EQ(failed("${env:A-B}"), "\"A-B\" is no name of an environment variable");
  EXPECT_EQ(failed("${env:}"), "\"\" is no name of an environment variable");
}

TEST(Interpolation, SeesTheEnvironmentOfTheProcess) {
  ASSERT_EQ(setenv("OUTRIDER_TEST_VARIABLE", "here", 1), 0);
  EXPECT_EQ(process_surroundings().variable("OUTRIDER_TEST_VARIABLE"), "here");
  ASSERT_EQ(unsetenv("OUTRIDER_TEST_VARIABLE"), 0);
  EXPECT_EQ(process_surroundings().variable("OUTRIDER_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace outrider::config
