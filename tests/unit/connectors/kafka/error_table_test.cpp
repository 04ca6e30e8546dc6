// What each error of librdkafka 2.0.2 means; one row per case seen on brokers.
#include "connectors/kafka/error_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::kafka {
namespace {

using ::testing::HasSubstr;

struct Row {
  const char* seen;
  ClientError error;
  ErrorKind kind;
  ErrorClass counted;
};

using Kind = ErrorKind;
using Class = ErrorClass;

const Row kRows[] = {
    {"INVALID_PRODUCER_EPOCH on any call",
     {.code = -144, .text = "fenced", .is_fatal = true},
     Kind::Fenced,
     Class::Fenced},
    {"PRODUCER_FENCED in a transaction call",
     {.code = -144, .text = "fenced", .requires_abort = true},
     Kind::Fenced,
     Class::Fenced},
    {"PRODUCER_FENCED for a record",
     {.code = 90, .text = "fenced", .requires_abort = true},
     Kind::Fenced,
     Class::Fenced},
    {"OUT_OF_ORDER_SEQUENCE_NUMBER at the head of the line",
     {.code = 45, .text = "order", .is_fatal = true},
     Kind::Interrupted,
     Class::Fatal},
    {"OUT_OF_ORDER_SEQUENCE_NUMBER after an abort",
     {.code = 45, .text = "order", .requires_abort = true},
     Kind::Interrupted,
     Class::Abortable},
    {"INVALID_TXN_STATE on a record",
     {.code = 48, .text = "state", .requires_abort = true},
     Kind::Interrupted,
     Class::Abortable},
    {"INVALID_TXN_STATE at the end of a transaction",
     {.code = 48, .text = "state", .is_fatal = true},
     Kind::Interrupted,
     Class::Fatal},
    {"UNKNOWN_PRODUCER_ID",
     {.code = 59, .text = "unknown", .requires_abort = true},
     Kind::Interrupted,
     Class::Abortable},
    {"INVALID_PRODUCER_ID_MAPPING",
     {.code = 49, .text = "expired", .requires_abort = true},
     Kind::Interrupted,
     Class::Abortable},
    {"commit: a message timed out in the queue",
     {.code = -185, .text = "timed out", .requires_abort = true},
     Kind::Interrupted,
     Class::Abortable},
    {"abort after a commit that succeeded late",
     {.code = -172, .text = "state"},
     Kind::Interrupted,
     Class::Retriable},
    {"init: INVALID_TRANSACTION_TIMEOUT",
     {.code = 50, .text = "time-out", .is_fatal = true},
     Kind::Misconfigured,
     Class::Fatal},
    {"init: TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
     {.code = 53, .text = "denied", .is_fatal = true},
     Kind::Denied,
     Class::Fatal},
    {"init: the cluster does not answer",
     {.code = -185, .text = "timed out", .is_retriable = true},
     Kind::Unavailable,
     Class::Retriable},
    {"metadata: broker is down",
     {.code = -195, .text = "down"},
     Kind::Unavailable,
     Class::Retriable},
    {"record: MSG_SIZE_TOO_LARGE", {.code = 10, .text = "large"}, Kind::BadEvent, Class::Record},
    {"record: TOPIC_AUTHORIZATION_FAILED",
     {.code = 29, .text = "denied"},
     Kind::Denied,
     Class::Retriable},
    {"record: purged after an abortable error",
     {.code = -152, .text = "purged"},
     Kind::Interrupted,
     Class::Retriable},
};

TEST(ErrorTable, EachErrorHasTheMeaningItWasSeenToHave) {
  for (const Row& row : kRows) {
    EXPECT_EQ(to_error(row.error, "act").kind, row.kind) << row.seen;
    EXPECT_EQ(classify(row.error), row.counted) << row.seen;
    EXPECT_EQ(to_error(row.error, "act").what, "act: " + row.error.text) << row.seen;
  }
}

TEST(ErrorTable, WhatTheClusterCannotDoSaysWhatMendsIt) {
  EXPECT_THAT(to_error({.code = 50, .text = "time-out"}, "act").hint,
              HasSubstr("transaction.max.timeout.ms"));
  EXPECT_THAT(to_error({.code = 44, .text = "policy"}, "act").hint,
              HasSubstr("create.topic.policy.class.name"));
  const Error few_brokers = to_error({.code = 38, .text = "replication"}, "act");
  EXPECT_EQ(few_brokers.kind, ErrorKind::Unavailable);
  EXPECT_THAT(few_brokers.hint, HasSubstr("sink.kafka.checkpoint.replication"));
}

TEST(ErrorTable, WhatTheClientCannotUseSaysWhatMendsIt) {
  EXPECT_THAT(to_error({.code = 44, .text = "librdkafka property \"linger\": none"}, "act").hint,
              HasSubstr("sink.kafka.librdkafka"));
  EXPECT_THAT(to_error({.code = -189, .text = "ssl.ca.location failed: no"}, "act").hint,
              HasSubstr("sink.kafka.tls.ca_file must be there"));
  EXPECT_THAT(to_error({.code = -189, .text = "read the password file \"a\": no"}, "act").hint,
              HasSubstr("the file must be there"));
}

TEST(ErrorTable, FencingIsTestedBeforeAbortAndRetry) {
  const ClientError fenced{
      .code = -144, .text = "fenced", .is_retriable = true, .requires_abort = true};
  EXPECT_FALSE(should_call_again(fenced));
  EXPECT_EQ(to_error(fenced, "commit").kind, ErrorKind::Fenced);
}

TEST(ErrorTable, OnlyAPlainRetriableErrorIsCalledAgain) {
  EXPECT_TRUE(should_call_again({.code = -185, .text = "", .is_retriable = true}));
  EXPECT_FALSE(should_call_again({.code = -185, .text = ""}));
  EXPECT_FALSE(
      should_call_again({.code = -185, .text = "", .is_retriable = true, .requires_abort = true}));
  EXPECT_FALSE(
      should_call_again({.code = -185, .text = "", .is_fatal = true, .is_retriable = true}));
}

}  // namespace
}  // namespace outrider::kafka
