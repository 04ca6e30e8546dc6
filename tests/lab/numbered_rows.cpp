#include "tests/lab/numbered_rows.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace outrider::testing {
namespace {

constexpr std::uint64_t kKeys = 997;
constexpr int kPadding = 251;
constexpr std::size_t kUuidSize = 36;

/// The number in the header `id`; 0 if there is none.
std::uint64_t number_of(std::string_view headers) {
  const std::size_t at = headers.starts_with("id=") ? 0 : headers.find(",id=") + 1;
  if (headers.substr(at, 3) != "id=" || headers.size() < at + 3 + kUuidSize) return 0;
  // The last two groups of the UUID, 4 and 12 digits, are its lower half.
  const std::string_view uuid = headers.substr(at + 3, kUuidSize);
  const std::string_view digits = uuid.substr(24);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

}  // namespace

std::string insert_numbered_rows(const std::string& aggregatetype, const std::string& payload,
                                 const std::string& first, const std::string& last) {
  return fmt::format(
      "insert into outbox (id, aggregatetype, aggregateid, type, payload) "
      "select lpad(to_hex(n), 32, '0')::uuid, '{}', 'key-' || n % {}, 'measured', "
      "('{{\"d\": \"' || repeat('x', {}) || '\"}}')::{} from generate_series({}, {}) n",
      aggregatetype, kKeys, kPadding, payload, first, last);
}

NumberedRows::NumberedRows(std::uint64_t count)
    : count_(count), present_(count + 1), last_of_key_(kKeys) {}

void NumberedRows::note(const Delivered& record) {
  const std::uint64_t number = number_of(record.headers);
  if (number == 0 || number > count_) {
    ++unknown_;
    return;
  }
  if (present_[number]) {
    ++duplicated_;
    return;
  }
  present_[number] = true;
  ++seen_;
  std::uint64_t& last = last_of_key_[number % kKeys];
  if (number <= last) ++out_of_order_;
  last = number;
}

void NumberedRows::require_exact() const {
  const std::uint64_t lost = count_ - seen_;
  if (lost + duplicated_ + out_of_order_ + unknown_ == 0) return;
  throw std::runtime_error(
      fmt::format("of {} rows {} lost, {} duplicated, {} out of order; {} records of no row",
                  count_, lost, duplicated_, out_of_order_, unknown_));
}

}  // namespace outrider::testing
