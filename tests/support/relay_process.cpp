#include "tests/support/relay_process.h"

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

std::string text_of(const nlohmann::json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

}  // namespace

RelayProcess::RelayProcess(Options options) : options_(std::move(options)), port_(free_port()) {
  const std::string& web = options_.web_config_file;
  std::ofstream(configuration()) << "version: 1\nlog: { format: " << options_.log_format
                                 << " }\nhttp: { listen: \"127.0.0.1:" << port_ << "\""
                                 << (web.empty() ? "" : ", web_config_file: \"" + web + "\"")
                                 << " }\npipelines:\n"
                                 << options_.pipelines;
}

std::string RelayProcess::command(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words{OUTRIDER_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"-c", configuration().string()});
  return run(words);
}

void RelayProcess::start() {
  process_.emplace(Process::Options{
      .command = {OUTRIDER_BINARY, "run", "-c", configuration().string()}, .log = log_path()});
  const bool live = eventually(30s, [&] { return !process_->is_running() || is_live(); });
  if (!live || !process_->is_running()) {
    throw std::runtime_error("the relay did not start:\n" + log());
  }
}

int RelayProcess::stop() {
  process_->signal(SIGTERM);
  const std::optional<int> code = process_->wait(40s);
  if (!code) throw std::runtime_error("the relay did not stop:\n" + log());
  process_.reset();
  return *code;
}

void RelayProcess::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(10s);
  process_.reset();
}

httplib::Result RelayProcess::ask(const std::string& path) const {
  httplib::Client client("127.0.0.1", port_);
  client.set_connection_timeout(2s);
  client.set_read_timeout(5s);
  if (!options_.http_user.empty()) {
    client.set_basic_auth(options_.http_user, options_.http_password);
  }
  return client.Get(path);
}

std::optional<std::string> RelayProcess::http_get(const std::string& path) const {
  const httplib::Result result = ask(path);
  if (!result || result->status != 200) return std::nullopt;
  return result->body;
}

std::optional<std::string> RelayProcess::http_body(const std::string& path) const {
  const httplib::Result result = ask(path);
  if (!result) return std::nullopt;
  return result->body;
}

int RelayProcess::http_status(const std::string& path) const {
  const httplib::Result result = ask(path);
  return result ? result->status : 0;
}

std::optional<PipelineReport> RelayProcess::report(const std::string& pipeline) const {
  const std::optional<std::string> body = http_get("/status");
  if (!body) return std::nullopt;
  const nlohmann::json status = nlohmann::json::parse(*body);
  if (!status["pipelines"].contains(pipeline)) return std::nullopt;
  const nlohmann::json& found = status["pipelines"][pipeline];
  return PipelineReport{.state = text_of(found, "state"),
                        .reason = text_of(found, "reason"),
                        .hint = text_of(found, "hint")};
}

double RelayProcess::metric(const std::string& name, const std::string& pipeline,
                            const std::string& label) const {
  const std::optional<std::string> body = http_get("/metrics");
  double sum = std::numeric_limits<double>::quiet_NaN();
  std::istringstream lines(body.value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const bool is_it = line.starts_with(name + "{") &&
                       line.find("pipeline=\"" + pipeline + "\"") != std::string::npos &&
                       line.find(label) != std::string::npos;
    if (!is_it) continue;
    const double value = std::stod(line.substr(line.rfind(' ') + 1));
    sum = std::isnan(sum) ? value : sum + value;
  }
  return sum;
}

std::string RelayProcess::log() const {
  std::ifstream file(log_path());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t RelayProcess::log_lines() const {
  const std::string text = log();
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace outrider::testing
