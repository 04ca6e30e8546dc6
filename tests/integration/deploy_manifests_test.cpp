// What no container engine tries here: the Kubernetes manifests, the compose file, the Dockerfile
// and the man page against what they speak of.
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
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

TEST(Package, TheManPageHasEveryCommand) {
  const std::string manual = text_of(kDeploy / "debian/outrider.1");
  const std::string help = run({OUTRIDER_BINARY, "--help"});
  static const std::regex kCommand(R"(\n  ([a-z]+) )");
  const std::string commands = help.substr(help.find("Subcommands"));
  std::size_t found = 0;
  for (std::sregex_iterator it(commands.begin(), commands.end(), kCommand), end; it != end; ++it) {
    const std::string name = (*it)[1];
    if (name == "outrider") continue;  // The example.
    EXPECT_THAT(manual, HasSubstr("\n.B outrider " + name + "\n"));
    ++found;
  }
  EXPECT_GE(found, 4U);
}

}  // namespace
}  // namespace outrider::testing
