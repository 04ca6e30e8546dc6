#include "tests/support/prometheus_server.h"

#include <httplib.h>

#include <chrono>
#include <fstream>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }

void write_configuration(const std::filesystem::path& file,
                         const PrometheusServer::Options& options) {
  std::ofstream out(file);
  out << "global: { scrape_interval: 1s, evaluation_interval: 1s }\n";
  if (!options.rules.empty()) out << "rule_files: ['" << options.rules.string() << "']\n";
  out << "scrape_configs:\n  - job_name: " << options.job << "\n    static_configs: [{ targets: ['"
      << address(options.scraped_port) << "'] }]\n";
}

}  // namespace

PrometheusServer::PrometheusServer(const Options& options) : port_(free_port()) {
  const std::filesystem::path configuration = options.folder / "prometheus.yml";
  const std::filesystem::path log = options.folder / "prometheus.log";
  write_configuration(configuration, options);
  process_.emplace(
      Process::Options{.command = {"prometheus", "--config.file=" + configuration.string(),
                                   "--storage.tsdb.path=" + (options.folder / "data").string(),
                                   "--web.listen-address=" + address(port_), "--log.level=warn"},
                       .log = log,
                       .folder = options.folder});
  const bool ready = eventually(30s, [&] {
    const httplib::Result result = httplib::Client("127.0.0.1", port_).Get("/-/ready");
    return !process_->is_running() || (result && result->status == 200);
  });
  if (ready && process_->is_running()) return;
  std::ifstream said(log);
  throw std::runtime_error("prometheus did not start (is the package installed?):\n" +
                           std::string(std::istreambuf_iterator<char>(said), {}));
}

nlohmann::json PrometheusServer::data_of(const std::string& path,
                                         const std::string& expression) const {
  httplib::Client client("127.0.0.1", port_);
  client.set_read_timeout(10s);
  const httplib::Result result = expression.empty()
                                     ? client.Get(path)
                                     : client.Post(path, httplib::Params{{"query", expression}});
  if (!result || result->status != 200) {
    throw std::runtime_error("prometheus " + path + " " + expression + ": " +
                             (result ? result->body : to_string(result.error())));
  }
  return nlohmann::json::parse(result->body).at("data");
}

nlohmann::json PrometheusServer::query(const std::string& expression) const {
  return data_of("/api/v1/query", expression).at("result");
}

std::optional<double> PrometheusServer::value(const std::string& expression) const {
  const nlohmann::json samples = query(expression);
  if (samples.size() != 1) return std::nullopt;
  return std::stod(samples[0].at("value").at(1).get<std::string>());
}

nlohmann::json PrometheusServer::rule_groups() const {
  return data_of("/api/v1/rules").at("groups");
}

}  // namespace outrider::testing
