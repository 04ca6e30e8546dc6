// Who may include whom, checked over the tree itself: the layers of relay/README.md and
// connectors/README.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace outrider {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path kRoot = OUTRIDER_SOURCE_DIR;

/// The files of a directory, and what they may include of the project and of third parties. An
/// entry ending in "/" or "_" is a prefix.
struct Layer {
  std::string directory;
  std::vector<std::string> project;
  std::vector<std::string> libraries;  ///< Beyond the standard library without threads and clocks.
};

const std::vector<std::string> kContract = {
    "connectors/event.h",    "connectors/finding.h", "connectors/notice.h",
    "connectors/position.h", "connectors/record.h",  "connectors/sink.h",
    "connectors/source.h",   "connectors/wake.h",    "relay/base/"};

std::vector<std::string> contract_and(std::vector<std::string> more) {
  more.insert(more.end(), kContract.begin(), kContract.end());
  return more;
}

const std::vector<Layer> kLayers = {
    {"relay/base", {"relay/base/"}, {}},
    {"relay/core", contract_and({"relay/core/"}), {"nlohmann/"}},
    {"connectors/postgres",
     contract_and({"connectors/postgres/", "config/"}),
     {"nlohmann/", "fmt/"}},
    {"connectors/kafka", contract_and({"connectors/kafka/", "config/"}), {"nlohmann/", "fmt/"}},
    {"connectors/memory", contract_and({"connectors/memory/", "config/"}), {"nlohmann/"}},
    {"connectors/stdout", contract_and({"connectors/stdout/", "config/"}), {"nlohmann/", "fmt/"}},
    {"config", {"config/", "relay/base/"}, {"fmt/"}},
};

/// Adapters: files that carry out what the pure files around them decide.
const std::vector<std::string> kAdapters = {
    "connectors/postgres/libpq_", "connectors/postgres/setup/", "connectors/kafka/librdkafka_",
    "connectors/stdout/sink.",    "config/yaml_document.",      "config/file_text."};

/// Headers of the standard library and the system that only adapters and the app may use.
const std::vector<std::string> kImpure = {"thread", "mutex",    "atomic",   "condition_variable",
                                          "future", "sys/",     "netinet/", "arpa/",
                                          "poll.h", "unistd.h", "fcntl.h",  "signal.h"};

bool matches(const std::vector<std::string>& allowed, const std::string& name) {
  return std::ranges::any_of(allowed, [&](const std::string& entry) {
    const bool is_prefix = entry.ends_with('/') || entry.ends_with('_') || entry.ends_with('.');
    return is_prefix ? name.starts_with(entry) : name == entry;
  });
}

struct Include {
  std::string file;
  std::string name;
  bool of_project = false;
};

std::vector<std::string> sources_in(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / directory)) {
    const std::string extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") {
      files.push_back(fs::relative(entry.path(), kRoot).string());
    }
  }
  return files;
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream input(kRoot / file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(input, line);) lines.push_back(line);
  return lines;
}

std::vector<Include> includes_in(const std::string& directory) {
  const std::regex pattern(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  std::vector<Include> includes;
  for (const std::string& file : sources_in(directory)) {
    for (const std::string& line : lines_of(file)) {
      std::smatch match;
      if (!std::regex_search(line, match, pattern)) continue;
      includes.push_back({.file = file, .name = match[2], .of_project = match[1] == "\""});
    }
  }
  return includes;
}

TEST(Layers, NoLayerIncludesWhatItMustNotKnow) {
  std::vector<std::string> offences;
  for (const Layer& layer : kLayers) {
    const std::vector<Include> includes = includes_in(layer.directory);
    EXPECT_FALSE(includes.empty()) << "nothing found in " << layer.directory;
    for (const Include& include : includes) {
      const bool is_adapter = matches(kAdapters, include.file);
      const bool is_library = include.name.find('/') != std::string::npos ||
                              include.name.ends_with(".h") || include.name.ends_with(".hpp");
      bool allowed = true;
      if (include.of_project) {
        allowed = matches(layer.project, include.name);
      } else if (!is_adapter) {
        allowed = (!is_library || matches(layer.libraries, include.name)) &&
                  !matches(kImpure, include.name);
      }
      if (!allowed) offences.push_back(include.file + " includes " + include.name);
    }
  }
  // One number that must be unique in the process, see there.
  std::erase(offences, "connectors/postgres/stream_reader.cpp includes atomic");
  EXPECT_THAT(offences, IsEmpty());
}

TEST(Layers, PureFilesReadNoClock) {
  std::vector<std::string> offences;
  for (const Layer& layer : kLayers) {
    for (const std::string& file : sources_in(layer.directory)) {
      if (matches(kAdapters, file)) continue;
      for (const std::string& line : lines_of(file)) {
        if (line.find("clock::now()") != std::string::npos) offences.push_back(file);
      }
    }
  }
  EXPECT_THAT(offences, IsEmpty());
}

TEST(Layers, EachClientLibraryIsSeenByOneDirectoryOfTheProduct) {
  const std::vector<std::pair<std::string, std::string>> homes = {
      {"libpq-fe.h", "connectors/postgres/"},
      {"librdkafka/rdkafka.h", "connectors/kafka/"},
      {"yaml-cpp/yaml.h", "config/"},
      {"spdlog/", "relay/app/"},
      {"prometheus/", "relay/app/"},
      {"httplib.h", "relay/app/"},
      {"openssl/", "relay/app/"},
      {"crypt.h", "relay/app/"},
      {"CLI/", "relay/app/"},
      {"systemd/", "relay/app/"}};
  std::vector<std::string> offences;
  for (const char* directory : {"relay", "connectors", "config"}) {
    for (const Include& include : includes_in(directory)) {
      for (const auto& [header, home] : homes) {
        if (include.name.starts_with(header) && !include.file.starts_with(home)) {
          offences.push_back(include.file + " includes " + include.name);
        }
      }
    }
  }
  EXPECT_THAT(offences, IsEmpty());
}

/// Of the project's own files, by what they may include of it. A service knows no other's files.
TEST(Layers, SamplesStandOnTheErrorTypeAndTheirLibraryAlone) {
  const std::map<std::string, std::vector<std::string>> allowed = {
      {"samples/outbox", {"relay/base/error.h", "samples/outbox/"}},
      {"samples/service", {"relay/base/error.h", "samples/outbox/database.h", "samples/service/"}},
      {"samples/user", {"samples/outbox/", "samples/service/", "samples/user/"}},
      {"samples/order", {"samples/outbox/", "samples/service/", "samples/order/"}}};
  std::vector<std::string> offences;
  for (const auto& [directory, project] : allowed) {
    for (const Include& include : includes_in(directory)) {
      if (!include.of_project || matches(project, include.name)) continue;
      offences.push_back(include.file + " includes " + include.name);
    }
  }
  EXPECT_THAT(offences, IsEmpty());
}

TEST(Layers, EveryHeaderBeginsByTellingWhatItIs) {
  std::vector<std::string> offences;
  for (const char* directory : {"relay", "connectors", "config", "samples", "tests"}) {
    for (const std::string& file : sources_in(directory)) {
      if (!file.ends_with(".h")) continue;
      const std::vector<std::string> lines = lines_of(file);
      if (lines.empty() || !lines[0].starts_with("// ")) offences.push_back(file);
    }
  }
  EXPECT_THAT(offences, IsEmpty());
}

TEST(Layers, LinesAndFilesStayReadable) {
  constexpr std::size_t kColumnsMax = 100;
  constexpr std::size_t kLinesMax = 420;
  std::vector<std::string> offences;
  for (const char* directory : {"relay", "connectors", "config", "samples"}) {
    for (const std::string& file : sources_in(directory)) {
      const std::vector<std::string> lines = lines_of(file);
      if (lines.size() > kLinesMax) offences.push_back(file + " is too long");
      for (const std::string& line : lines) {
        const auto columns = static_cast<std::size_t>(std::ranges::count_if(
            line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
        if (columns > kColumnsMax) offences.push_back(file + ": " + line);
      }
    }
  }
  EXPECT_THAT(offences, IsEmpty());
}

}  // namespace
}  // namespace outrider
