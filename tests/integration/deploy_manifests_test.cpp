// What no container engine tries here: the Kubernetes manifests, the compose file, the Dockerfile
// and the man page against what they speak of.
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

const fs::path kDeploy = OUTRIDER_SOURCE_DIR "/deploy";

std::string text_of(const fs::path& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

std::string text(const YAML::Node& node) { return node ? node.as<std::string>() : ""; }

/// Throws with what the program says of a configuration that is not good.
void check_configuration(const std::string& configuration) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "outrider.yaml") << configuration;
  run({OUTRIDER_BINARY, "check", "-c", folder.path() / "outrider.yaml"});
}

std::vector<YAML::Node> documents(const std::string& name) {
  return YAML::LoadAllFromFile(kDeploy / "kubernetes" / name);
}

YAML::Node the(const std::string& kind, const std::string& name) {
  for (const YAML::Node& document : documents(name)) {
    if (text(document["kind"]) == kind) return document;
  }
  throw std::runtime_error(name + " has no " + kind);
}

YAML::Node pod_of(const std::string& name) {
  return the("Deployment", name)["spec"]["template"]["spec"];
}

std::vector<YAML::Node> containers_of(const std::string& name) {
  std::vector<YAML::Node> containers;
  for (const char* list : {"initContainers", "containers"}) {
    for (const YAML::Node& container : pod_of(name)[list]) containers.push_back(container);
  }
  return containers;
}

class Kubernetes : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Manifests, Kubernetes,
                         ::testing::Values("sidecar.yaml", "standalone.yaml"));

TEST_P(Kubernetes, SaysOfEveryObjectWhatItIs) {
  for (const YAML::Node& document : documents(GetParam())) {
    for (const char* key : {"apiVersion", "kind"}) EXPECT_FALSE(text(document[key]).empty());
    EXPECT_FALSE(text(document["metadata"]["name"]).empty());
  }
}

TEST_P(Kubernetes, BringsAConfigurationThatTheProgramTakes) {
  check_configuration(text(the("ConfigMap", GetParam())["data"]["outrider.yaml"]));
}

TEST_P(Kubernetes, LabelsMatchTheirSelectors) {
  const YAML::Node spec = the("Deployment", GetParam())["spec"];
  for (const auto& label : spec["selector"]["matchLabels"]) {
    EXPECT_EQ(text(spec["template"]["metadata"]["labels"][label.first.as<std::string>()]),
              text(label.second));
  }
}

TEST_P(Kubernetes, MountsAndVolumesAndProbesLeadSomewhere) {
  const YAML::Node pod = pod_of(GetParam());
  const std::string configuration = text(the("ConfigMap", GetParam())["data"]["outrider.yaml"]);
  std::set<std::string> volumes;
  for (const YAML::Node& volume : pod["volumes"]) {
    volumes.insert(text(volume["name"]));
    if (volume["configMap"]) {
      EXPECT_EQ(text(volume["configMap"]["name"]),
                text(the("ConfigMap", GetParam())["metadata"]["name"]));
    }
  }
  for (const YAML::Node& container : containers_of(GetParam())) {
    for (const YAML::Node& mount : container["volumeMounts"]) {
      EXPECT_THAT(volumes, Contains(text(mount["name"])));
      const std::string path = text(mount["mountPath"]);
      const std::regex file(path + "/[^/\n]+\n");
      EXPECT_TRUE(path == "/etc/outrider" || std::regex_search(configuration, file))
          << path << " is mounted and not used";
    }
    std::set<std::string> ports;
    for (const YAML::Node& port : container["ports"]) ports.insert(text(port["name"]));
    for (const char* probe : {"livenessProbe", "readinessProbe"}) {
      if (!container[probe]) continue;
      EXPECT_THAT(text(container[probe]["httpGet"]["path"]), AnyOf("/livez", "/readyz"));
      EXPECT_THAT(ports, Contains(text(container[probe]["httpGet"]["port"])));
    }
  }
}

TEST_P(Kubernetes, PodsPassTheRestrictedSecurityStandard) {
  const YAML::Node pod = pod_of(GetParam());
  EXPECT_EQ(text(pod["securityContext"]["runAsNonRoot"]), "true");
  EXPECT_EQ(text(pod["securityContext"]["seccompProfile"]["type"]), "RuntimeDefault");
  for (const YAML::Node& container : containers_of(GetParam())) {
    const YAML::Node security = container["securityContext"];
    EXPECT_EQ(text(security["allowPrivilegeEscalation"]), "false");
    EXPECT_EQ(text(security["readOnlyRootFilesystem"]), "true");
    EXPECT_EQ(text(security["capabilities"]["drop"][0]), "ALL");
  }
}

TEST_P(Kubernetes, PodsLiveLongerThanADrain) {
  const std::string configuration = text(the("ConfigMap", GetParam())["data"]["outrider.yaml"]);
  const YAML::Node drain = YAML::Load(configuration)["shutdown"]["drain_timeout"];
  EXPECT_GT(pod_of(GetParam())["terminationGracePeriodSeconds"].as<int>(),
            std::stoi(text(drain)) + 5);
}

TEST(Sidecar, StartsBeforeTheServiceAndDoesNotDecideItsReadiness) {
  const YAML::Node relay = pod_of("sidecar.yaml")["initContainers"][0];
  EXPECT_EQ(text(relay["restartPolicy"]), "Always");
  EXPECT_TRUE(relay["livenessProbe"]);
  EXPECT_FALSE(relay["readinessProbe"]);
  EXPECT_FALSE(relay["startupProbe"]);
}

TEST(Standalone, KeepsOneOfItsTwoReplicas) {
  EXPECT_EQ(text(the("Deployment", "standalone.yaml")["spec"]["replicas"]), "2");
  EXPECT_EQ(text(the("PodDisruptionBudget", "standalone.yaml")["spec"]["minAvailable"]), "1");
  const YAML::Node labels =
      the("Deployment", "standalone.yaml")["spec"]["template"]["metadata"]["labels"];
  const char* key = "app.kubernetes.io/name";
  for (const auto& [kind, selector] :
       {std::pair("PodDisruptionBudget", "selector"), std::pair("NetworkPolicy", "podSelector")}) {
    EXPECT_EQ(text(the(kind, "standalone.yaml")["spec"][selector]["matchLabels"][key]),
              text(labels[key]));
  }
}

TEST(Standalone, MayReachWhatItsConfigurationSpeaksOf) {
  std::set<std::string> allowed;
  for (const YAML::Node& port :
       the("NetworkPolicy", "standalone.yaml")["spec"]["egress"][0]["ports"]) {
    allowed.insert(text(port["port"]));
  }
  const YAML::Node pipeline = YAML::Load(
      text(the("ConfigMap", "standalone.yaml")["data"]["outrider.yaml"]))["pipelines"]["orders"];
  EXPECT_THAT(text(pipeline["source"]["postgres"]["dsn"]), HasSubstr("sslmode=verify-full"));
  EXPECT_TRUE(pipeline["sink"]["kafka"]["tls"]);
  EXPECT_EQ(text(pipeline["sink"]["kafka"]["bootstrap_servers"]), "kafka:9093");
  for (const char* port : {"53", "5432", "9092", "9093"}) EXPECT_THAT(allowed, Contains(port));
}

TEST(Compose, EveryReferenceLeadsSomewhere) {
  const YAML::Node services = YAML::LoadFile(kDeploy / "docker/compose.yaml")["services"];
  for (const auto& [name, service] : services.as<std::map<std::string, YAML::Node>>()) {
    const YAML::Node base = service["<<"];
    EXPECT_TRUE(service["image"] || (base && base["image"])) << name;
    for (const auto& dependency : service["depends_on"]) {
      const YAML::Node target = services[dependency.first.as<std::string>()];
      EXPECT_TRUE(target) << name;
      if (text(dependency.second["condition"]) == "service_healthy") {
        EXPECT_TRUE(target["healthcheck"]) << name;
      }
    }
    for (const YAML::Node& list : {service["volumes"], base ? base["volumes"] : base}) {
      for (const YAML::Node& volume : list) {
        const std::string source = text(volume).substr(0, text(volume).find(':'));
        EXPECT_TRUE(fs::exists(kDeploy / "docker" / source)) << name << ": " << source;
      }
    }
  }
}

TEST(Compose, ItsConfigurationsAreTaken) {
  check_configuration(text_of(kDeploy / "docker/outrider.yaml"));
  run({"promtool", "check", "config", "--syntax-only", kDeploy / "docker/prometheus.yml"});
}

TEST(Dockerfile, RunsThePackagedProgramAsNobody) {
  const std::string file = text_of(kDeploy / "docker/Dockerfile");
  for (const char* line :
       {"\nRUN ./dev package ", "\nUSER 65532:65532\n", "\nEXPOSE 9847\n",
        "\nENTRYPOINT [\"/usr/bin/outrider\"]\n",
        "\nCMD [\"run\", \"-c\", \"/etc/outrider/outrider.yaml\"]\n", "\nSTOPSIGNAL SIGTERM\n",
        " CMD [\"/usr/bin/outrider\", \"healthcheck\"]\n"}) {
    EXPECT_THAT(file, HasSubstr(line));
  }
  EXPECT_THAT(text_of(OUTRIDER_SOURCE_DIR "/dev"), HasSubstr("\n    package) package"));
}

TEST(Package, ItsExampleConfigurationIsGood) {
  check_configuration(text_of(kDeploy / "debian/outrider.yaml"));
}

/// Long options by command, such as "checkpoint set"; -c is --config.
using Commands = std::map<std::string, std::set<std::string>>;

std::set<std::string> options_in(const std::string& text) {
  static const std::regex kOption(R"((?:^|[ ,\[])(-c\b|--[a-z][a-z-]*))");
  std::set<std::string> options;
  for (std::sregex_iterator it(text.begin(), text.end(), kOption), end; it != end; ++it) {
    options.insert((*it)[1] == "-c" ? "--config" : (*it)[1].str());
  }
  return options;
}

/// The lines below `title`, up to an empty one.
std::vector<std::string> listed_in(const std::string& help, const std::string& title) {
  std::vector<std::string> lines;
  std::istringstream input(help.substr(std::min(help.find("\n" + title + ":\n"), help.size())));
  std::string line;
  std::getline(input, line);
  std::getline(input, line);
  while (std::getline(input, line) && !line.empty()) lines.push_back(line);
  return lines;
}

/// Every command that has none below it, as its help tells.
void add_commands_of_help(const std::vector<std::string>& command, Commands& found) {
  std::vector<std::string> question = {OUTRIDER_BINARY};
  question.insert(question.end(), command.begin(), command.end());
  question.push_back("--help");
  const std::string help = run(question);
  const std::vector<std::string> below = listed_in(help, "Subcommands");
  for (const std::string& line : below) {
    std::vector<std::string> next = command;
    next.push_back(line.substr(2, line.find(' ', 2) - 2));
    add_commands_of_help(next, found);
  }
  if (!below.empty()) return;
  std::set<std::string>& options = found[fmt::format("{}", fmt::join(command, " "))];
  for (const std::string& line : listed_in(help, "Options")) {
    const std::string names = line.substr(0, line.find(' ', 2));
    if (line[2] != ' ' && names != "  -h,--help") options.merge(options_in(names));
  }
}

/// Every command that the man page lists: "outrider", its words, and its options in brackets or
/// not.
Commands commands_of_manual(const std::string& page) {
  static const std::regex kEscapes(R"(\\f[BIR]|\\(?=-))");
  static const std::regex kCommand(R"(outrider((?: [a-z][a-z-]*)+)(.*))");
  Commands found;
  std::istringstream lines(std::regex_replace(page, kEscapes, ""));
  std::smatch match;
  std::string above;
  for (std::string line; std::getline(lines, line); above = line) {
    if (above != ".TP" || !std::regex_match(line, match, kCommand)) continue;
    found[match[1].str().substr(1)] = options_in(match[2]);
  }
  return found;
}

TEST(Package, TheManPageListsExactlyTheCommandsAndOptionsOfTheProgram) {
  Commands commands;
  add_commands_of_help({}, commands);
  EXPECT_THAT(commands["checkpoint set"], Contains("--lsn"));
  EXPECT_EQ(commands_of_manual(text_of(kDeploy / "debian/outrider.1")), commands);
}

}  // namespace
}  // namespace outrider::testing
