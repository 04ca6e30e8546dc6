#include "connectors/stdout/sink.h"

#include "connectors/stdout/record_line.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace outrider::standard_output {
namespace {

// Beyond this the sink is full; a single record may exceed it.
constexpr std::size_t kPendingBytesMost = 1024 * 1024;
// A pipe that poll(2) calls writable takes this much without blocking (see pipe(7), PIPE_BUF).
constexpr std::size_t kWriteBytes = PIPE_BUF;
constexpr int kWritesPerStep = 256;

bool is_writable(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLOUT, .revents = 0};
  // An error counts as writable: the write that follows says which.
  return poll(&entry, 1, 0) > 0;
}

}  // namespace

Result<std::optional<Found>> StdoutSink::look(TimePoint) {
  return Found{.keeps_checkpoints = false, .checkpoint = {}};
}

Result<std::optional<Found>> StdoutSink::open(TimePoint now, const std::optional<Position>&) {
  return look(now);
}

TicketLimits StdoutSink::limits() const { return {.records = 10'000, .bytes = 8 * 1024 * 1024}; }

Result<Sink::Offer> StdoutSink::offer(const Record& record, Ticket) {
  if (pending_.size() - pending_begin_ >= kPendingBytesMost) return Offer::Full;
  append_line(record, pending_);
  ++records_open_;
  ++counters_.records_in_flight;
  counters_.bytes_in_flight = pending_.size() - pending_begin_;
  return Offer::Taken;
}

Result<Sink::Offer> StdoutSink::seal(Ticket ticket, const Position&) {
  sealed_.push_back({.ticket = ticket,
                     .written_up_to = bytes_written_ + (pending_.size() - pending_begin_),
                     .records = std::exchange(records_open_, 0)});
  return Offer::Taken;
}

Result<void> StdoutSink::step(TimePoint, Supply) {
  OUTRIDER_TRY(write_some());
  settle();
  return {};
}

Result<void> StdoutSink::write_some() {
  for (int i = 0; i < kWritesPerStep && pending_begin_ < pending_.size(); ++i) {
    if (!is_writable(options_.descriptor)) break;
    const std::size_t size = std::min(kWriteBytes, pending_.size() - pending_begin_);
    const ssize_t written = write(options_.descriptor, pending_.data() + pending_begin_, size);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) break;
      return failure(ErrorKind::Refused,
                     std::string("write records to standard output: ") + std::strerror(errno),
                     "start again with a reader that stays");
    }
    if (written == 0) break;
    pending_begin_ += static_cast<std::size_t>(written);
    inside_line_ = pending_[pending_begin_ - 1] != '\n';
    bytes_written_ += static_cast<std::uint64_t>(written);
    counters_.bytes_delivered += static_cast<std::uint64_t>(written);
  }
  if (pending_begin_ == pending_.size()) {
    pending_.clear();
    pending_begin_ = 0;
  } else if (pending_begin_ >= kPendingBytesMost) {
    pending_.erase(0, std::exchange(pending_begin_, 0));
  }
  counters_.bytes_in_flight = pending_.size() - pending_begin_;
  return {};
}

void StdoutSink::settle() {
  while (!sealed_.empty() && sealed_.front().written_up_to <= bytes_written_) {
    counters_.records_delivered += sealed_.front().records;
    counters_.records_in_flight -= sealed_.front().records;
    delivered_.push_back(sealed_.front().ticket);
    sealed_.pop_front();
  }
}

void StdoutSink::collect(Deliveries& deliveries) {
  deliveries.delivered.insert(deliveries.delivered.end(), delivered_.begin(), delivered_.end());
  delivered_.clear();
}

void StdoutSink::abandon() {
  // A line that was begun is ended, so that the next run does not write into it.
  const std::size_t line_end = pending_.find('\n', pending_begin_);
  if (inside_line_ && line_end != std::string::npos) {
    pending_.resize(line_end + 1);
  } else {
    pending_.clear();
    pending_begin_ = 0;
  }
  sealed_.clear();
  delivered_.clear();
  records_open_ = 0;
  counters_.records_in_flight = 0;
  counters_.bytes_in_flight = 0;
}

Wake StdoutSink::wake() const {
  Wake wake;
  if (pending_begin_ < pending_.size()) {
    wake.watch({.fd = options_.descriptor, .write = true});
  }
  return wake;
}

}  // namespace outrider::standard_output
