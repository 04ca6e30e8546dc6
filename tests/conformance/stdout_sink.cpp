// The stdout sink in its conformance suites, writing to a pipe that a thread reads.
#include "connectors/stdout/sink.h"
#include "tests/conformance/runner.h"
#include "tests/conformance/sink_suite.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace outrider::conformance {
namespace {

PlainRecord plain(const std::string& line) {
  const auto json = nlohmann::json::parse(line);
  PlainRecord record{.topic = json.at("topic"),
                     .key = json.at("key"),
                     .value = std::nullopt,
                     .timestamp_ms = json.at("timestamp_us").get<std::int64_t>() / 1000};
  if (!json.at("value").is_null()) record.value = json.at("value").get<std::string>();
  for (const auto& header : json.at("headers")) {
    record.headers.emplace_back(header.at("name"), header.at("value"));
  }
  return record;
}

/// Reads a pipe line by line on a thread of its own, unless it is held back.
class Reader {
 public:
  Reader() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "make a pipe");
    }
    thread_ = std::jthread([this] { read_all(); });
  }
  ~Reader() {
    let_go();
    close(ends_[1]);
    thread_.join();
    close(ends_[0]);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  int input() const { return ends_[1]; }

  void hold_back() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  std::vector<PlainRecord> seen(const SinkUnderTest::IsEnough& is_enough) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return is_enough(records_); });
    return records_;
  }

 private:
  void read_all() {
    std::array<char, 4096> buffer{};
    std::string text;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !held_; });
      }
      const ssize_t got = read(ends_[0], buffer.data(), buffer.size());
      if (got <= 0) return;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      take_lines(text);
    }
  }

  void take_lines(std::string& text) {
    std::size_t begin = 0;
    const std::scoped_lock lock(mutex_);
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      records_.push_back(plain(text.substr(begin, end - begin)));
    }
    text.erase(0, begin);
    changed_.notify_all();
  }

  std::array<int, 2> ends_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::vector<PlainRecord> records_;
  std::jthread thread_;
};

class StdoutSinkUnderTest final : public SharedSinkUnderTest {
 public:
  Sink& sink() override { return sink_; }
  SinkPromises promises() const override {
    return {
        .keeps_checkpoints = false, .hides_undelivered = false, .fences_older_instances = false};
  }
  std::string topic() override { return "orders"; }
  std::vector<PlainRecord> seen(const IsEnough& is_enough) override {
    return reader_.seen(is_enough);
  }
  void hold_back() override { reader_.hold_back(); }
  void let_go() override { reader_.let_go(); }
  std::vector<PlainRecord> bad_records() override { return {}; }
  std::unique_ptr<Sink> another() override {
    return std::make_unique<standard_output::StdoutSink>(options());
  }

 private:
  standard_output::Options options() const { return {.descriptor = reader_.input()}; }

  Reader reader_;
  standard_output::StdoutSink sink_{options()};
};

template <class UnderTest>
Case<UnderTest> pipe_case() {
  return {.name = "Pipe", .make = [] { return std::make_unique<StdoutSinkUnderTest>(); }};
}

INSTANTIATE_TEST_SUITE_P(Stdout, SinkConformance, ::testing::Values(pipe_case<SinkUnderTest>()),
                         name_of<SinkUnderTest>);
INSTANTIATE_TEST_SUITE_P(Stdout, SharedSinkConformance,
                         ::testing::Values(pipe_case<SharedSinkUnderTest>()),
                         name_of<SharedSinkUnderTest>);

}  // namespace
}  // namespace outrider::conformance
