#include "tests/support/kafka_consumer.h"

#include "tests/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace outrider::testing {
namespace {

// A line of lengths, then key and value as they are: safe for any bytes.
constexpr const char* kFormat = "%t %p %o %T %K %S %h\n%k%s\n";

std::vector<std::string> kcat(const std::string& bootstrap, const std::string& topic) {
  return {"kcat",
          "-C",
          "-q",
          "-b",
          bootstrap,
          "-t",
          topic,
          "-o",
          "beginning",
          "-f",
          kFormat,
          "-X",
          "isolation.level=read_committed",
          "-X",
          "fetch.wait.max.ms=5"};
}

/// Cuts records off the front of `text`; what is not complete yet stays.
void take_records(std::string& text, const std::function<void(Delivered)>& seen) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;
    std::istringstream line(text.substr(at, end - at));
    Delivered record;
    long key_size = 0;
    long value_size = 0;
    if (!(line >> record.topic >> record.partition >> record.offset >> record.timestamp_ms >>
          key_size >> value_size)) {
      throw std::runtime_error("kcat said: " + line.str());
    }
    line.get();
    std::getline(line, record.headers);
    const auto key_bytes = static_cast<std::size_t>(std::max(key_size, 0L));
    const auto value_bytes = static_cast<std::size_t>(std::max(value_size, 0L));
    const std::size_t body = end + 1;
    if (text.size() < body + key_bytes + value_bytes + 1) break;
    record.key = text.substr(body, key_bytes);
    if (value_size >= 0) record.value = text.substr(body + key_bytes, value_bytes);
    at = body + key_bytes + value_bytes + 1;
    seen(std::move(record));
  }
  text.erase(0, at);
}

struct Reading {
  int pid = -1;
  int output = -1;
};

Reading start_reading(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "start kcat");
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    // A broker that is killed on purpose makes it complain; it reconnects by itself.
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  return {.pid = pid, .output = ends[0]};
}

/// Until the output ends.
void pump(int input, const std::function<void(const Delivered&)>& seen) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (ssize_t got = 0; (got = read(input, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
    take_records(text, seen);
  }
  close(input);
}

}  // namespace

std::string Delivered::header(const std::string& name) const {
  std::istringstream fields(headers);
  for (std::string field; std::getline(fields, field, ',');) {
    if (field.starts_with(name + "=")) return field.substr(name.size() + 1);
  }
  return {};
}

std::vector<Delivered> read_topic(const std::string& bootstrap, const std::string& topic) {
  std::vector<std::string> command = kcat(bootstrap, topic);
  command.push_back("-e");
  std::string text;
  try {
    text = run(command);
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    if (what.find("Unknown topic") != std::string::npos) return {};
    throw;
  }
  std::vector<Delivered> records;
  take_records(text, [&](Delivered record) { records.push_back(std::move(record)); });
  return records;
}

void read_topic(const std::string& bootstrap, const std::string& topic,
                const std::function<void(const Delivered&)>& seen) {
  std::vector<std::string> command = kcat(bootstrap, topic);
  command.push_back("-e");
  const Reading reading = start_reading(command);
  pump(reading.output, seen);
  int status = 0;
  waitpid(reading.pid, &status, 0);
  if (status != 0) throw std::runtime_error("kcat could not read topic " + topic);
}

Follower::Follower(const std::string& bootstrap, const std::string& topic, Seen seen) {
  std::vector<std::string> command = kcat(bootstrap, topic);
  command.push_back("-u");
  const Reading reading = start_reading(command);
  pid_ = reading.pid;
  reader_ = std::jthread([input = reading.output, seen = std::move(seen)] { pump(input, seen); });
}

Follower::~Follower() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace outrider::testing
