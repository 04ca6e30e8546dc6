#include "connectors/kafka/examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Severity = Finding::Severity;
using Use = ExaminedTopic::Use;

constexpr std::size_t kRecordBytesMax = 1'000'000;

/// Three brokers with everything in order, to be spoilt fact by fact.
struct Cluster {
  Cluster() {
    options.bootstrap_servers = "localhost:9092";
    options.identity = "outrider.shop.orders";
    for (int id : {1, 2, 3}) {
      facts.brokers.push_back({.id = id, .address = "localhost:909" + std::to_string(id)});
    }
    facts.record_bytes_max = kRecordBytesMax;
    facts.topics = {{.name = options.identity,
                     .use = Use::Checkpoint,
                     .partitions = {.count = 1, .replicas = 3, .in_sync = 3},
                     .settings = {{"cleanup.policy", "compact"}}},
                    {.name = "outbox.event.order",
                     .use = Use::Events,
                     .partitions = {.count = 6, .replicas = 3, .in_sync = 3},
                     .settings = {{"max.message.bytes", "1048588"}, {"min.insync.replicas", "2"}}}};
  }

  std::vector<std::string> said(Severity severity) const {
    std::vector<std::string> texts;
    for (const Finding& finding : examine(options, facts)) {
      if (finding.severity == severity) texts.push_back(finding.what);
    }
    return texts;
  }
  std::vector<std::string> errors() const { return said(Severity::Error); }
  std::vector<std::string> warnings() const { return said(Severity::Warning); }
  ExaminedTopic& checkpoint() { return facts.topics[0]; }
  ExaminedTopic& events() { return facts.topics[1]; }

  Options options;
  ClusterFacts facts;
};

TEST(ClusterExamination, FindsNothingInAClusterThatIsInOrder) {
  const Cluster cluster;
  EXPECT_TRUE(examine(cluster.options, cluster.facts).empty());
  EXPECT_EQ(describe_cluster(cluster.options, cluster.facts), "Kafka at localhost:9092, 3 brokers");
}

TEST(ClusterExamination, NamesTheBrokerThatDoesNotAnswerWhereItIsAdvertised) {
  Cluster cluster;
  cluster.facts.brokers[1].unreachable = Error{ErrorKind::Unavailable, "refused"};
  EXPECT_THAT(cluster.errors(), ElementsAre("broker 2 is advertised as localhost:9092, where it "
                                            "does not answer: refused"));
}

TEST(ClusterExamination, FindsACheckpointTopicThatWouldLoseTheCheckpoint) {
  Cluster cluster;
  cluster.checkpoint().partitions.count = 2;
  EXPECT_THAT(cluster.errors(), ElementsAre(HasSubstr("has 2 partitions, not 1")));
  cluster.checkpoint().partitions.count = 1;
  cluster.checkpoint().settings["cleanup.policy"] = "compact,delete";
  EXPECT_THAT(cluster.errors(), ElementsAre(HasSubstr("cleanup.policy=compact,delete")));
  cluster.checkpoint().settings.clear();
  EXPECT_THAT(cluster.errors(), IsEmpty());
}

TEST(ClusterExamination, FindsTopicsThatTakeNoRecord) {
  Cluster cluster;
  cluster.events().partitions.in_sync = 1;
  EXPECT_THAT(cluster.errors(), ElementsAre(HasSubstr("1 of its 3 replicas are in sync")));
  cluster.events().partitions.replicas = 1;
  EXPECT_THAT(cluster.errors(), ElementsAre(HasSubstr("needs 2 replicas in sync")));
  EXPECT_THAT(cluster.warnings(), ElementsAre(HasSubstr("has one replica")));
  cluster.events().partitions.leaderless = 2;
  EXPECT_THAT(cluster.errors(), ElementsAre(HasSubstr("2 of 6 partitions without a leader")));
}

TEST(ClusterExamination, FindsAMissingTopicOnlyWhereTheRelayMayNotCreateIt) {
  Cluster cluster;
  cluster.events().partitions.count = 0;
  EXPECT_THAT(cluster.errors(), IsEmpty());
  cluster.options.create_topics = false;
  EXPECT_THAT(cluster.errors(), ElementsAre("topic \"outbox.event.order\" does not exist, and "
                                            "topics.create is false"));
  cluster.facts.topics.pop_back();
  EXPECT_THAT(cluster.warnings(), ElementsAre(HasSubstr("no topic fits outbox.topic")));
}

TEST(ClusterExamination, PassesOnWhatTheClusterRefuses) {
  Cluster cluster;
  cluster.events().refused = Error{ErrorKind::Denied, "look up topic: not allowed", "an ACL"};
  cluster.facts.untransacted = Error{ErrorKind::Misconfigured, "too long", "make it shorter"};
  EXPECT_THAT(cluster.errors(), ElementsAre("look up topic: not allowed", "too long"));
}

TEST(ClusterExamination, WarnsOfTopicsThatTakeLessThanTheRelaySends) {
  Cluster cluster;
  cluster.events().settings["max.message.bytes"] = "1000";
  EXPECT_THAT(cluster.warnings(), ElementsAre(HasSubstr("takes 1000 bytes at once")));
  cluster.events().settings.erase("max.message.bytes");
  cluster.facts.brokers[0].settings["message.max.bytes"] = "2000";
  EXPECT_THAT(cluster.warnings(), ElementsAre(HasSubstr("new topics take 2000 bytes")));
  cluster.options.create_topics = false;
  EXPECT_THAT(cluster.warnings(), IsEmpty());
}

TEST(ClusterExamination, WarnsOfEventsThatOthersCanRead) {
  Cluster cluster;
  for (const char* here : {"127.0.0.1:9092, [::1]:9092", "PLAINTEXT://localhost:9092"}) {
    cluster.options.bootstrap_servers = here;
    EXPECT_THAT(cluster.warnings(), IsEmpty()) << here;
  }
  cluster.options.bootstrap_servers = "localhost:9092,kafka:9092";
  EXPECT_THAT(cluster.warnings(), ElementsAre("the connection to Kafka is not encrypted"));
  cluster.options.librdkafka["security.protocol"] = "SASL_SSL";
  EXPECT_THAT(cluster.warnings(), IsEmpty());
  cluster.options.librdkafka.clear();
  cluster.options.tls = Tls{};
  EXPECT_THAT(cluster.warnings(), IsEmpty());
}

TEST(ClusterExamination, SaysHowManyTopicsItLeftOut) {
  Cluster cluster;
  cluster.facts.topics_left_out = 7;
  EXPECT_THAT(cluster.said(Severity::Note), ElementsAre(HasSubstr("7 more topics")));
}

}  // namespace
}  // namespace outrider::kafka
