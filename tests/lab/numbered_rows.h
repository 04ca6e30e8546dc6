// Rows of known size and number, and the check that each came once and in order; used by the lab's
// benchmarks.
#pragma once

#include "tests/support/kafka_consumer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace outrider::testing {

/// An insert of the rows `first`…`last` (SQL expressions) into `outbox`, each of about 400 bytes,
/// 260 of them payload of the type given, in one of 997 keys; the number is the row's id.
std::string insert_numbered_rows(const std::string& aggregatetype, const std::string& payload,
                                 const std::string& first, const std::string& last);

/// Takes the records of rows 1…count, partition by partition or as they arrive.
class NumberedRows {
 public:
  explicit NumberedRows(std::uint64_t count);

  void note(const Delivered& record);
  std::uint64_t seen() const { return seen_; }
  /// Throws if a row was lost, repeated or moved within its key, with the numbers.
  void require_exact() const;

 private:
  std::uint64_t count_;
  std::uint64_t seen_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t out_of_order_ = 0;
  std::uint64_t unknown_ = 0;
  std::vector<bool> present_;
  std::vector<std::uint64_t> last_of_key_;
};

}  // namespace outrider::testing
