#include "relay/core/topic_template.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace outrider {
namespace {

std::string expanded(std::string_view text, std::vector<std::string_view> values,
                     TopicNames names = {}) {
  const Result<TopicTemplate> parsed = TopicTemplate::parse(text, std::move(names));
  if (!parsed) return "parse: " + parsed.error().what;
  std::string topic;
  const Result<void> done = parsed->expand(values, topic);
  return done ? topic : "expand: " + done.error().what;
}

TEST(TopicTemplate, PutsTheAggregateTypeIntoLiteralText) {
  EXPECT_EQ(expanded("outbox.event.{aggregatetype}", {"order"}), "outbox.event.order");
  EXPECT_EQ(expanded("shop.{aggregatetype}.events", {"order"}), "shop.order.events");
  EXPECT_EQ(expanded("everything", {"order"}), "everything");
}

TEST(TopicTemplate, NeedsALiteralPrefixSoThatARowCannotNameAnyTopic) {
  EXPECT_EQ(expanded("{aggregatetype}", {"order"}),
            "parse: topic template \"{aggregatetype}\" needs literal text before {aggregatetype}, "
            "or a list under allow_topics");
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
    const Result<void> done = parsed->expand(std::array{std::string_view(bad)}, topic);
    ASSERT_FALSE(done) << bad;
    EXPECT_EQ(done.error().kind, ErrorKind::BadEvent);
    EXPECT_EQ(done.error().what.find('\0'), std::string::npos);
  }
}

TEST(TopicTemplate, ARowCannotCompleteAShortPrefixToAReservedName) {
  EXPECT_EQ(expanded("_{aggregatetype}", {"_consumer_offsets"}),
            "expand: the row would make the topic \"__consumer_offsets\", which is not for events");
  EXPECT_EQ(expanded(".{aggregatetype}", {"."}),
            "expand: the row would make the topic \"..\", which is not for events");
  EXPECT_EQ(expanded("_{aggregatetype}", {"order"}), "_order");
  EXPECT_EQ(expanded(".{aggregatetype}", {"order"}), ".order");
}

TEST(TopicTemplate, HasPlaceholdersForAdditionalColumnsInAnyOrder) {
  const TopicNames names{.placeholders = {"aggregatetype", "region"}};
  EXPECT_EQ(expanded("shop.{region}.{aggregatetype}.v1", {"order", "eu"}, names),
            "shop.eu.order.v1");
  EXPECT_EQ(expanded("shop.{region}", {"order", "eu"}, names), "shop.eu");
  EXPECT_EQ(expanded("shop.{region}", {"order", "e u"}, names),
            "expand: region \"e u\" cannot be part of a topic name");
}

TEST(TopicTemplate, AListOfTopicsAllowsWhatItNamesAndNothingElse) {
  const TopicNames names{.allowed_topics = {"order", "customer"}};
  EXPECT_EQ(expanded("{aggregatetype}", {"customer"}, names), "customer");
  EXPECT_EQ(expanded("{aggregatetype}", {"secrets"}, names),
            "expand: topic \"secrets\" is not allowed");
  EXPECT_EQ(expanded("{aggregatetype}", {"orde"}, names), "expand: topic \"orde\" is not allowed");
}

bool fits(std::string_view text, std::string_view topic, TopicNames names = {}) {
  return TopicTemplate::parse(text, std::move(names))->fits(topic);
}

TEST(TopicTemplate, KnowsWhichTopicsARowCouldGoTo) {
  EXPECT_TRUE(fits("outbox.event.{aggregatetype}", "outbox.event.order"));
  EXPECT_FALSE(fits("outbox.event.{aggregatetype}", "outbox.event."));
  EXPECT_FALSE(fits("outbox.event.{aggregatetype}", "other.event.order"));
  EXPECT_FALSE(fits("_{aggregatetype}", "__consumer_offsets"));
  EXPECT_TRUE(fits("all-events", "all-events"));
  EXPECT_FALSE(fits("all-events", "all-events-too"));
}

TEST(TopicTemplate, KnowsTheTopicsOfSeveralPlaceholders) {
  const TopicNames two{.placeholders = {"aggregatetype", "region"}};
  EXPECT_TRUE(fits("t.{region}.{aggregatetype}.v1", "t.eu.order.v1", two));
  EXPECT_TRUE(fits("t.{region}.{aggregatetype}.v1", "t.eu.order.item.v1", two));
  EXPECT_FALSE(fits("t.{region}.{aggregatetype}.v1", "t.eu.order", two));
  EXPECT_FALSE(fits("t.{region}.{aggregatetype}.v1", "t.eu..v1", two));
  EXPECT_TRUE(fits("t{region}{aggregatetype}", "tab", two));
  EXPECT_FALSE(fits("t{region}{aggregatetype}", "ta", two));
  const TopicNames listed{.allowed_topics = {"order"}};
  EXPECT_TRUE(fits("{aggregatetype}", "order", listed));
  EXPECT_FALSE(fits("{aggregatetype}", "payment", listed));
}

}  // namespace
}  // namespace outrider
