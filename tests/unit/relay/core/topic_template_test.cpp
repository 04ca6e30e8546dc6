#include "relay/core/topic_template.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

std::string expanded(std::string_view text, std::string_view aggregatetype) {
  const Result<TopicTemplate> parsed = TopicTemplate::parse(text);
  if (!parsed) return "parse: " + parsed.error().what;
  std::string topic;
  const Result<void> done = parsed->expand(aggregatetype, topic);
  return done ? topic : "expand: " + done.error().what;
}

TEST(TopicTemplate, PutsTheAggregateTypeIntoLiteralText) {
  EXPECT_EQ(expanded("outbox.event.{aggregatetype}", "order"), "outbox.event.order");
  EXPECT_EQ(expanded("shop.{aggregatetype}.events", "order"), "shop.order.events");
  EXPECT_EQ(expanded("everything", "order"), "everything");
}

TEST(TopicTemplate, NeedsALiteralPrefixSoThatARowCannotNameAnyTopic) {
  EXPECT_EQ(expanded("{aggregatetype}", "order"),
            "parse: topic template \"{aggregatetype}\" needs literal text before {aggregatetype}");
}

TEST(TopicTemplate, RefusesUnknownPlaceholdersAndIllegalCharacters) {
  for (const char* text : {"", "a.{type}", "a b", "a.{aggregatetype}.{aggregatetype}", "__secret.x",
                           ".", "..", "a/{aggregatetype}"}) {
    const Result<TopicTemplate> parsed = TopicTemplate::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::Misconfigured);
  }
}

TEST(TopicTemplate, AnAggregateTypeThatMakesNoTopicIsABadEvent) {
  const Result<TopicTemplate> parsed = TopicTemplate::parse("outbox.event.{aggregatetype}");
  ASSERT_TRUE(parsed);
  std::string topic;
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("ü"),
                                 std::string("a\0b", 3), std::string(300, 'x')}) {
    const Result<void> done = parsed->expand(bad, topic);
    ASSERT_FALSE(done) << bad;
    EXPECT_EQ(done.error().kind, ErrorKind::BadEvent);
    EXPECT_EQ(done.error().what.find('\0'), std::string::npos);
  }
}

TEST(TopicTemplate, ARowCannotCompleteAShortPrefixToAReservedName) {
  EXPECT_EQ(expanded("_{aggregatetype}", "_consumer_offsets"),
            "expand: aggregatetype \"_consumer_offsets\" would make the topic "
            "\"__consumer_offsets\", which is not for events");
  EXPECT_EQ(expanded(".{aggregatetype}", "."),
            "expand: aggregatetype \".\" would make the topic \"..\", which is not for events");
  EXPECT_EQ(expanded("_{aggregatetype}", "order"), "_order");
  EXPECT_EQ(expanded(".{aggregatetype}", "order"), ".order");
}

}  // namespace
}  // namespace outrider
