// The files of deploy/ that no engine runs here, as the linters of their kinds see them.
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const fs::path kDeploy = OUTRIDER_SOURCE_DIR "/deploy";
const fs::path kDockerfile = kDeploy / "docker/Dockerfile";
const fs::path kCompose = kDeploy / "docker/compose.yaml";
const fs::path kManual = kDeploy / "debian/outrider.1";

std::string text_of(const fs::path& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

/// A linter that `./dev setup` fetched.
std::string fetched(const std::string& name) { return cache_folder() / "linters/bin" / name; }

void lint_dockerfile(const fs::path& file) {
  run({fetched("hadolint"), "--failure-threshold=info", file});
}

void lint_compose(const fs::path& file) {
  run({fetched("check-jsonschema"), "--builtin-schema=vendor.compose-spec", file});
}

/// `version`: of Kubernetes. Strict: fields that it does not know are mistakes.
void lint_manifest(const fs::path& file, const std::string& version) {
  const std::string warnings =
      run({fetched("kubernetes-validate"), "--quiet", "--strict", "-k", version, file});
  // Of a kind that it does not know, it only warns.
  if (!warnings.empty()) throw std::runtime_error(warnings);
}

void lint_manual(const fs::path& file) { run({"mandoc", "-T", "lint", "-W", "warning", file}); }

/// A copy of a file with a mistake, as long as it lives.
class Mistyped {
 public:
  Mistyped(const fs::path& file, const std::string& right, const std::string& wrong)
      : path_(folder_.path() / file.filename()) {
    std::string text = text_of(file);
    const std::size_t at = text.find(right);
    if (at == std::string::npos) throw std::logic_error(file.string() + " has no " + right);
    std::ofstream(path_) << text.replace(at, right.size(), wrong);
  }

  const fs::path& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  fs::path path_;
};

auto throws_with(const std::string& part) {
  return ThrowsMessage<std::runtime_error>(HasSubstr(part));
}

TEST(Linters, FindNothingInTheDockerfile) { lint_dockerfile(kDockerfile); }

TEST(Linters, SeeAMistakeInADockerfile) {
  const Mistyped words(kDockerfile, "\nUSER ", "\nUSR ");
  EXPECT_THAT([&] { lint_dockerfile(words.path()); }, throws_with("unexpected 'U'"));
  const Mistyped shell(kDockerfile, "COPY . .", "RUN cd /src && rm $1");
  EXPECT_THAT([&] { lint_dockerfile(shell.path()); }, throws_with("SC2086"));
}

TEST(Linters, FindNothingInTheComposeFile) { lint_compose(kCompose); }

TEST(Linters, SeeAMistypedFieldInAComposeFile) {
  const Mistyped field(kCompose, "stop_grace_period:", "stop_grace_time:");
  EXPECT_THAT([&] { lint_compose(field.path()); }, throws_with("'stop_grace_time' was unexpected"));
  const Mistyped value(kCompose, "interval: 2s", "interval: [2s]");
  EXPECT_THAT([&] { lint_compose(value.path()); }, throws_with("postgres.healthcheck.interval"));
}

// The first with native sidecars, and the newest whose schema the linter brings.
class Manifests : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Kubernetes, Manifests, ::testing::Values("1.29", "1.37"));

TEST_P(Manifests, PassTheSchemaOfTheirVersion) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(kDeploy / "kubernetes")) {
    if (entry.path().extension() != ".yaml") continue;
    lint_manifest(entry.path(), GetParam());
    ++count;
  }
  EXPECT_EQ(count, 2);
}

TEST_P(Manifests, MayNotHaveAMistypedFieldOrAWrongValue) {
  const fs::path good = kDeploy / "kubernetes/standalone.yaml";
  const Mistyped field(good, "terminationGracePeriodSeconds", "terminationGracePeriodSecond");
  EXPECT_THAT([&] { lint_manifest(field.path(), GetParam()); },
              throws_with("'terminationGracePeriodSecond' was unexpected"));
  const Mistyped value(good, "{ port: 9847, protocol: TCP }", "{ port: 9847, protocol: [TCP] }");
  EXPECT_THAT([&] { lint_manifest(value.path(), GetParam()); }, throws_with("protocol"));
  const Mistyped kind(good, "policy/v1", "policy/v7");
  EXPECT_THAT([&] { lint_manifest(kind.path(), GetParam()); }, throws_with("policy/v7"));
}

TEST(Linters, FindNothingInTheManPage) { lint_manual(kManual); }

TEST(Linters, SeeAMistakeInAManPage) {
  const Mistyped macro(kManual, "\n.TP\n", "\n.TQP\n");
  EXPECT_THAT([&] { lint_manual(macro.path()); }, throws_with("unknown macro"));
}

/// The Debian package of this build, and what is in it.
class DebianPackage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    run({"cpack", "--config", OUTRIDER_BUILD_DIR "/CPackConfig.cmake", "-B", folder_->path()});
    for (const auto& entry : fs::directory_iterator(folder_->path())) {
      if (entry.path().extension() == ".deb") deb_ = entry.path();
    }
    run({"dpkg-deb", "--extract", deb_, root()});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path root() { return folder_->path() / "root"; }
  static fs::path documents() { return root() / "usr/share/doc/outrider"; }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline fs::path deb_;
};

TEST_F(DebianPackage, PassesLintian) {
  EXPECT_EQ(run({"lintian", "--allow-root", "--fail-on=error,warning", deb_}), "");
}

TEST_F(DebianPackage, IsOfTheVersionThatItsChangelogTellsOfLast) {
  EXPECT_EQ(run({"dpkg-parsechangelog", "-S", "Version", "-l", kDeploy / "debian/changelog"}),
            run({"dpkg-deb", "--field", deb_, "Version"}));
}

TEST_F(DebianPackage, BringsTheDocumentsThatItsUsersNeed) {
  for (const char* document :
       {"config/example.yaml", "config/REFERENCE.md", "config/FROM_DEBEZIUM.md",
        "deploy/TROUBLESHOOTING.md", "deploy/prometheus/alerts.yaml",
        "deploy/grafana/outrider.json", "deploy/runbooks/README.md"}) {
    EXPECT_TRUE(fs::exists(documents() / document)) << document;
  }
}

TEST_F(DebianPackage, EveryLinkInItsDocumentsLeadsToOneOfThem) {
  static const std::regex kLink(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(documents())) {
    if (entry.path().extension() != ".md") continue;
    const std::string page = text_of(entry.path());
    for (std::sregex_iterator it(page.begin(), page.end(), kLink), end; it != end; ++it) {
      EXPECT_TRUE(fs::exists(entry.path().parent_path() / (*it)[1].str()))
          << entry.path() << " links to " << (*it)[1];
      ++count;
    }
  }
  EXPECT_GT(count, 20);
}

TEST_F(DebianPackage, HoldsEveryFileThatItsManPageAndItsConfigurationName) {
  static const std::regex kPath(R"(/(?:usr|etc)/[a-z./_-]*[a-z/])");
  std::set<std::string> paths;
  for (const fs::path& file : {kManual, kDeploy / "debian/outrider.yaml"}) {
    const std::string page = text_of(file);
    for (std::sregex_iterator it(page.begin(), page.end(), kPath), end; it != end; ++it) {
      // What users make themselves.
      if (!it->str().starts_with("/etc/outrider/secrets/")) paths.insert(it->str());
    }
  }
  EXPECT_GE(paths.size(), 4U);
  for (const std::string& path : paths) EXPECT_TRUE(fs::exists(root() / path.substr(1))) << path;
}

}  // namespace
}  // namespace outrider::testing
