#include "connectors/postgres/timestamp_text.h"

#include <chrono>
#include <cstddef>

namespace outrider::postgres {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// std::chrono::year ends at 32767, so count by cycles of 400 years, which all have 146097 days.
constexpr int kCycleYears = 400;
constexpr std::chrono::days kCycle(146'097);

// Takes fields off the front of a text; the first that is missing makes it fail for good.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool empty() const { return text_.empty(); }
  bool starts_with(char c) const { return text_.starts_with(c); }

  void fail() { ok_ = false; }

  void skip(char c) {
    if (text_.starts_with(c)) {
      text_.remove_prefix(1);
    } else {
      ok_ = false;
    }
  }

  int digits(std::size_t least, std::size_t most, int bound) {
    int number = 0;
    std::size_t count = 0;
    while (count < most && count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
      number = number * 10 + (text_[count] - '0');
      ++count;
    }
    text_.remove_prefix(count);
    if (count >= least && number <= bound) return number;
    ok_ = false;
    return 0;
  }

  microseconds decimals() {
    constexpr std::size_t kMost = 6;
    const std::size_t before = text_.size();
    int number = digits(1, kMost, 999'999);
    for (std::size_t i = before - text_.size(); i < kMost; ++i) number *= 10;
    return microseconds(number);
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

std::chrono::sys_days read_date(Fields& fields) {
  // Microseconds in 64 bits end in the year 294247.
  constexpr int kYearMax = 290'000;
  const int year = fields.digits(4, 6, kYearMax);
  fields.skip('-');
  const auto month = static_cast<unsigned>(fields.digits(2, 2, 12));
  fields.skip('-');
  const auto day = static_cast<unsigned>(fields.digits(2, 2, 31));
  const std::chrono::year_month_day date(std::chrono::year(year % kCycleYears),
                                         std::chrono::month(month), std::chrono::day(day));
  if (year == 0 || !date.ok()) {
    fields.fail();
    return {};
  }
  return std::chrono::sys_days(date) + kCycle * (year / kCycleYears);
}

microseconds read_time_of_day(Fields& fields) {
  microseconds time = hours(fields.digits(2, 2, 23));
  fields.skip(':');
  time += minutes(fields.digits(2, 2, 59));
  fields.skip(':');
  time += seconds(fields.digits(2, 2, 59));
  if (fields.starts_with('.')) {
    fields.skip('.');
    time += fields.decimals();
  }
  return time;
}

seconds read_zone(Fields& fields) {
  const bool west = fields.starts_with('-');
  fields.skip(west ? '-' : '+');
  seconds offset = hours(fields.digits(2, 2, 23));
  if (fields.starts_with(':')) {
    fields.skip(':');
    offset += minutes(fields.digits(2, 2, 59));
  }
  if (fields.starts_with(':')) {
    fields.skip(':');
    offset += seconds(fields.digits(2, 2, 59));
  }
  return west ? -offset : offset;
}

// Puts fields one after the other into a buffer that is known to have room.
class Writer {
 public:
  explicit Writer(char* begin) : begin_(begin), end_(begin) {}

  std::string_view text() const { return {begin_, end_}; }
  void put(char c) { *end_++ = c; }

  void digits(unsigned number, int count) {
    for (int i = count - 1; i >= 0; --i) {
      end_[i] = static_cast<char>('0' + number % 10);
      number /= 10;
    }
    end_ += count;
  }

  void drop_last(char c) {
    while (end_[-1] == c) --end_;
  }

 private:
  char* begin_;
  char* end_;
};

void write_date(std::chrono::sys_days day, Writer& writer) {
  const auto cycles = std::chrono::floor<std::chrono::duration<
      int, std::ratio_multiply<std::chrono::days::period, std::ratio<146'097>>>>(
      day.time_since_epoch());
  const std::chrono::year_month_day date(day - kCycle * cycles.count());
  const int year = static_cast<int>(date.year()) + kCycleYears * cycles.count();
  constexpr int kFourDigitsMax = 9999;
  if (year > kFourDigitsMax) writer.put('+');
  const auto shown = static_cast<unsigned>(year);
  writer.digits(shown, shown > 99'999 ? 6 : shown > kFourDigitsMax ? 5 : 4);
  writer.put('-');
  writer.digits(static_cast<unsigned>(date.month()), 2);
  writer.put('-');
  writer.digits(static_cast<unsigned>(date.day()), 2);
}

}  // namespace

std::optional<WallTime> parse_timestamp(std::string_view text) {
  Fields fields(text);
  WallTime time = read_date(fields);
  fields.skip(' ');
  time += read_time_of_day(fields);
  if (!fields.empty()) time -= read_zone(fields);
  if (!fields.ok() || !fields.empty()) return std::nullopt;
  return time;
}

std::string_view write_timestamp(WallTime time, std::span<char, kTimestampBytesMax> buffer) {
  Writer writer(buffer.data());
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss<microseconds> clock(time - day);
  write_date(day, writer);
  writer.put('T');
  writer.digits(static_cast<unsigned>(clock.hours().count()), 2);
  writer.put(':');
  writer.digits(static_cast<unsigned>(clock.minutes().count()), 2);
  writer.put(':');
  writer.digits(static_cast<unsigned>(clock.seconds().count()), 2);
  if (clock.subseconds().count() > 0) {
    writer.put('.');
    writer.digits(static_cast<unsigned>(clock.subseconds().count()), 6);
    writer.drop_last('0');
  }
  writer.put('Z');
  return writer.text();
}

}  // namespace outrider::postgres
