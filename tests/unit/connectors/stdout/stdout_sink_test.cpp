#include "connectors/stdout/sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::standard_output {
namespace {

using ::testing::ElementsAre;

Record record_of(std::string_view topic, std::optional<std::string_view> value = {}) {
  Record record;
  record.topic = topic;
  record.value = value;
  return record;
}

/// A pipe; the sink writes into one end, the test reads from the other.
struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) ADD_FAILURE() << "pipe2";
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close_reader();
    close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) close(ends[0]);
    ends[0] = -1;
  }
  std::string read_all() const {
    std::string text;
    std::array<char, 65536> buffer{};
    ssize_t got = 0;
    while ((got = read(ends[0], buffer.data(), buffer.size())) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  int ends[2] = {-1, -1};
};

std::vector<Ticket> delivered_by(StdoutSink& sink) {
  EXPECT_TRUE(sink.step({}, Supply::Dry));
  Deliveries deliveries;
  sink.collect(deliveries);
  return deliveries.delivered;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(StdoutSink, KeepsNoCheckpoints) {
  StdoutSink sink({});
  EXPECT_FALSE((*sink.look({}))->keeps_checkpoints);
  EXPECT_FALSE((*sink.open({}, {}))->keeps_checkpoints);
}

TEST(StdoutSink, DeliversATicketOnceItsLinesAreWritten) {
  const Pipe pipe;
  StdoutSink sink({.descriptor = pipe.ends[1]});
  ASSERT_TRUE(sink.offer(record_of("t", "a"), Ticket{1}));
  EXPECT_TRUE(delivered_by(sink).empty());
  ASSERT_TRUE(sink.seal(Ticket{1}, Position{}));
  ASSERT_TRUE(sink.seal(Ticket{2}, Position{}));
  EXPECT_THAT(delivered_by(sink), ElementsAre(Ticket{1}, Ticket{2}));
  EXPECT_EQ(lines_in(pipe.read_all()), 1U);
  EXPECT_TRUE(sink.wake().descriptors().empty());
}

TEST(StdoutSink, NeverBlocksOnAReaderThatDoesNotRead) {
  const Pipe pipe;
  StdoutSink sink({.descriptor = pipe.ends[1]});
  const std::string value(100'000, 'x');
  std::size_t taken = 0;
  while (*sink.offer(record_of("t", value), Ticket{1}) == Sink::Offer::Taken) ++taken;
  ASSERT_TRUE(sink.seal(Ticket{1}, Position{}));
  EXPECT_TRUE(delivered_by(sink).empty());
  ASSERT_EQ(sink.wake().descriptors().size(), 1U);
  EXPECT_TRUE(sink.wake().descriptors()[0].write);
  std::string text;
  std::vector<Ticket> delivered;
  while (delivered.empty()) {
    text += pipe.read_all();
    delivered = delivered_by(sink);
  }
  text += pipe.read_all();
  EXPECT_EQ(lines_in(text), taken);
  EXPECT_EQ(sink.counters().records_in_flight, 0U);
}

TEST(StdoutSink, NeverLeavesHalfALineBehind) {
  const Pipe pipe;
  StdoutSink sink({.descriptor = pipe.ends[1]});
  const std::string value(200'000, 'x');
  ASSERT_TRUE(sink.offer(record_of("first", value), Ticket{1}));
  ASSERT_TRUE(sink.offer(record_of("dropped", value), Ticket{1}));
  ASSERT_TRUE(sink.step({}, Supply::Dry));
  sink.abandon();
  ASSERT_TRUE(sink.offer(record_of("second", "v"), Ticket{2}));
  ASSERT_TRUE(sink.seal(Ticket{2}, Position{}));
  std::string text;
  std::vector<Ticket> delivered;
  while (delivered.empty()) {
    text += pipe.read_all();
    delivered = delivered_by(sink);
  }
  text += pipe.read_all();
  EXPECT_EQ(lines_in(text), 2U);
  EXPECT_NE(text.find("\n{\"topic\":\"second\""), std::string::npos);
}

TEST(StdoutSink, RefusesToGoOnWithoutAReader) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  StdoutSink sink({.descriptor = pipe.ends[1]});
  ASSERT_TRUE(sink.offer(record_of("t", "a"), Ticket{1}));
  EXPECT_EQ(sink.step({}, Supply::Dry).error().kind, ErrorKind::Refused);
}

}  // namespace
}  // namespace outrider::standard_output
