#include "connectors/kafka/transaction_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outrider::kafka {
namespace {

using namespace std::string_literals;

constexpr auto kId = "orders/1";
const std::string kKey = "\0\0\0\x08orders/1"s;

constexpr char kEmpty = 0;
constexpr char kOngoing = 1;
constexpr char kPrepareCommit = 2;
constexpr char kPrepareAbort = 3;
constexpr char kCompleteCommit = 4;
constexpr char kCompleteAbort = 5;

/// A record's value as brokers write it, without partitions.
std::string value(char state, char version = 1) {
  return "\0"s + version + "\0\0\0\0\0\0\x03\xE8"s + "\0\x07"s + "\0\0\xEA\x60"s + state + "\0"s;
}

bool is_committed_after(const std::vector<char>& states) {
  LastTransaction last(kId);
  for (const char state : states) last.note(kKey, value(state));
  return last.is_committed();
}

TEST(TransactionLog, TheRecordsOfAnIdAreWhereKafkaPutsThem) {
  // The hashes are 96354, -1485768887, -1485768886, -229043304 and the smallest number there is.
  EXPECT_EQ(transaction_log_partition("abc", 50), 4);
  EXPECT_EQ(transaction_log_partition("outrider.orders/1", 50), 37);
  EXPECT_EQ(transaction_log_partition("outrider.orders/2", 50), 36);
  EXPECT_EQ(transaction_log_partition("order-service/1", 50), 4);
  EXPECT_EQ(transaction_log_partition("polygenelubricants", 50), 0);
  EXPECT_EQ(transaction_log_partition("outrider.orders/1", 1), 0);
}

TEST(TransactionLog, ACommitThatWasDecidedIsProven) {
  EXPECT_TRUE(is_committed_after({kOngoing, kPrepareCommit}));
  EXPECT_TRUE(is_committed_after({kOngoing, kPrepareCommit, kCompleteCommit}));
  // Fencing by the next instance.
  EXPECT_TRUE(is_committed_after({kOngoing, kPrepareCommit, kCompleteCommit, kEmpty}));
  // An abort of nothing, as newer clients ask for where they do not know.
  EXPECT_TRUE(is_committed_after({kOngoing, kCompleteCommit, kPrepareAbort, kCompleteAbort}));
  LastTransaction old(kId);
  old.note(kKey, value(kCompleteCommit, 0));
  EXPECT_TRUE(old.is_committed());
}

TEST(TransactionLog, NothingButADecidedCommitOfTheLastTransactionIsProof) {
  EXPECT_FALSE(is_committed_after({}));
  EXPECT_FALSE(is_committed_after({kEmpty}));
  EXPECT_FALSE(is_committed_after({kPrepareCommit, kCompleteCommit, kOngoing}));
  EXPECT_FALSE(is_committed_after({kCompleteCommit, kOngoing, kPrepareAbort}));
  EXPECT_FALSE(is_committed_after({kCompleteCommit, kOngoing, kPrepareAbort, kCompleteAbort}));
}

TEST(TransactionLog, WhatIsUnknownProvesNothing) {
  const std::vector<std::optional<std::string>> unknown = {
      {}, "", "\0"s, value(kCompleteCommit).substr(0, 16), value(kCompleteCommit, 2)};
  for (const auto& each : unknown) {
    LastTransaction last(kId);
    last.note(kKey, value(kCompleteCommit));
    last.note(kKey, each);
    EXPECT_FALSE(last.is_committed());
  }
}

TEST(TransactionLog, RecordsOfOthersDoNotCount) {
  for (const std::string& other : {""s, "orders/1"s, "\0\0\0\x08orders/2"s, "\0\x01\0\x08orders/1"s,
                                   "\0\0\0\x09orders/11"s, "\0\0\0\x08orders/1 "s}) {
    LastTransaction last(kId);
    last.note(other, value(kCompleteCommit));
    EXPECT_FALSE(last.is_committed());
    last.note(kKey, value(kCompleteCommit));
    last.note(other, value(kOngoing));
    EXPECT_TRUE(last.is_committed());
  }
}

}  // namespace
}  // namespace outrider::kafka
