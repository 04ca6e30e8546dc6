#include "relay/app/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace outrider::app {
namespace {

using ::testing::Not;

config::Surroundings empty_surroundings() {
  return {.variable = [](const std::string&) { return std::optional<std::string>(); },
          .file = [](const std::string&) -> std::expected<std::string, std::string> {
            return std::unexpected("no such file");
          }};
}

Config parsed(const std::string& text) {
  config::Report report("f");
  std::optional<Config> config = parse_config(text, empty_surroundings(), report);
  EXPECT_TRUE(config) << report.text();
  return config.value_or(Config{});
}

std::string problems(const std::string& text) {
  config::Report report("f");
  EXPECT_FALSE(parse_config(text, empty_surroundings(), report));
  return report.text();
}

// A file with one pipeline "orders" whose sections can be replaced.
struct File {
  std::string top = "";
  std::string pipeline = "";
  std::string dsn = "dsn: \"host=localhost dbname=order_db user=outrider\"";
  std::string sink = "kafka: { bootstrap_servers: \"localhost:9092\" }";

  std::string text() const {
    return "version: 1\n" + top + "pipelines:\n  orders:\n" + pipeline +
           "    source: { postgres: { " + dsn + " } }\n    sink: { " + sink + " }\n";
  }
};

TEST(ConfigFile, FillsTheSmallestFileWithTheDocumentedDefaults) {
  const Config config = parsed(File{}.text());
  EXPECT_EQ(config.log.level, LogLevel::Info);
  EXPECT_EQ(config.log.format, LogFormat::Auto);
  EXPECT_EQ(config.http.listen, ":9847");
  EXPECT_EQ(config.shutdown.drain_timeout, std::chrono::seconds(20));

  const PipelineConfig& pipeline = config.pipelines.at("orders");
  EXPECT_EQ(pipeline.name, "orders");
  EXPECT_EQ(pipeline.delivery, Delivery::ExactlyOnce);
  EXPECT_EQ(pipeline.identity, "outrider.order_db.outrider_orders");

  const postgres::Options& source = pipeline.source.postgres.value();
  EXPECT_EQ(source.dsn, "host=localhost dbname=order_db user=outrider");
  EXPECT_EQ(source.slot, "outrider_orders");
  EXPECT_EQ(source.publication, "outrider_orders");
  EXPECT_EQ(source.tables, std::vector<postgres::TableName>{(postgres::TableName{})});
  EXPECT_EQ(source.without_checkpoint, postgres::WithoutCheckpoint::Adopt);
  EXPECT_EQ(source.on_first_start, postgres::OnFirstStart::Refuse);

  ASSERT_EQ(pipeline.outbox.tables.size(), 1U);
  EXPECT_EQ(pipeline.outbox.tables[0].schema, "public");
  EXPECT_EQ(pipeline.outbox.tables[0].name, "outbox");
  EXPECT_EQ(pipeline.outbox.topic, "outbox.event.{aggregatetype}");
  EXPECT_EQ(pipeline.outbox.id_header, "id");
  EXPECT_EQ(pipeline.outbox.type_header, "eventType");
  EXPECT_EQ(pipeline.outbox.null_payload, NullPayload::Halt);

  const kafka::Options& sink = pipeline.sink.kafka.value();
  EXPECT_EQ(sink.bootstrap_servers, "localhost:9092");
  EXPECT_EQ(sink.identity, "outrider.order_db.outrider_orders");
  EXPECT_EQ(sink.delivery, Delivery::ExactlyOnce);
  EXPECT_TRUE(sink.create_topics);
  EXPECT_EQ(sink.checkpoint_replication, std::nullopt);
  EXPECT_EQ(sink.transaction_timeout, std::chrono::minutes(1));
  EXPECT_FALSE(pipeline.sink.standard_output);
}

TEST(ConfigFile, HandsDeliveryStartAndTablesToTheConnectors) {
  const Config config =
      parsed(File{.pipeline = "    delivery: at_least_once\n    identity: mine\n"
                              "    start: { without_checkpoint: refuse, on_first_start: ignore }\n",
                  .dsn = "dsn: \"postgresql://relay@db/shop\", tables: [sales.a, 'x.\"b.c\"']"}
                 .text());
  const PipelineConfig& pipeline = config.pipelines.at("orders");
  EXPECT_EQ(pipeline.source.postgres->delivery, Delivery::AtLeastOnce);
  EXPECT_EQ(pipeline.source.postgres->without_checkpoint, postgres::WithoutCheckpoint::Refuse);
  EXPECT_EQ(pipeline.source.postgres->on_first_start, postgres::OnFirstStart::Ignore);
  EXPECT_EQ(pipeline.sink.kafka->delivery, Delivery::AtLeastOnce);
  EXPECT_EQ(pipeline.sink.kafka->identity, "mine");
  ASSERT_EQ(pipeline.outbox.tables.size(), 2U);
  EXPECT_EQ(pipeline.outbox.tables[1].schema, "x");
  EXPECT_EQ(pipeline.outbox.tables[1].name, "b.c");
}

TEST(ConfigFile, MakesLegalNamesOfOddOnes) {
  const Config config = parsed(
      "version: 1\npipelines:\n  my-orders:\n"
      "    source: { postgres: { dsn: \"dbname='order db'\" } }\n    sink: { stdout: }\n");
  const PipelineConfig& pipeline = config.pipelines.at("my-orders");
  EXPECT_EQ(pipeline.source.postgres->slot, "outrider_my_orders");
  EXPECT_EQ(pipeline.identity, "outrider.order_db.outrider_my_orders");
  EXPECT_TRUE(pipeline.sink.standard_output);
}

TEST(ConfigFile, WantsTheDatabaseNamedAndNeverShowsTheDsn) {
  EXPECT_EQ(problems(File{.dsn = "dsn: \"host=db password=hunter2\""}.text()),
            "f:4:27: pipelines.orders.source.postgres.dsn: must name the database: add dbname=… "
            "(or /database to a URI)\n");
  EXPECT_EQ(problems(File{.dsn = "dsn: \"hunter2\""}.text()),
            "f:4:27: pipelines.orders.source.postgres.dsn: the dsn is no Postgres connection "
            "string; write \"host=… dbname=… user=…\" or \"postgresql://user@host/database\"\n");
}

TEST(ConfigFile, APieceOfAPasswordBecomesNoHostAndNoIdentity) {
  for (const char* dsn : {"postgresql://relay:hunter@two@db/orders",
                          "postgresql://relay:hunter/two@db:5432/orders"}) {
    const std::string said = problems(File{.dsn = "dsn: \"" + std::string(dsn) + "\""}.text());
    EXPECT_THAT(said, ::testing::StartsWith("f:4:27: pipelines.orders.source.postgres.dsn: "));
    EXPECT_THAT(said, ::testing::HasSubstr("%40 %2F %3A"));
    EXPECT_THAT(said, Not(::testing::HasSubstr("hunter")));
    EXPECT_THAT(said, Not(::testing::HasSubstr("two")));
  }
}

TEST(ConfigFile, TakesOneSourceAndOneSink) {
  EXPECT_EQ(problems("version: 1\npipelines:\n  a: { source: {}, sink: {} }\n"),
            "f:3:8: pipelines.a.source: one of these must be given: postgres\n"
            "f:3:20: pipelines.a.sink: one of these must be given: kafka, stdout\n");
  EXPECT_EQ(problems(File{.sink = "stdout: {}, kafka: { bootstrap_servers: a }"}.text()),
            "f:5:5: pipelines.orders.sink: only one of these may be given: kafka, stdout\n");
  EXPECT_EQ(problems("version: 1\npipelines:\n  a: {}\n"),
            "f:3:3: pipelines.a.source: is missing\nf:3:3: pipelines.a.sink: is missing\n");
}

TEST(ConfigFile, WantsItsVersionAndAPipeline) {
  EXPECT_EQ(problems("version: 2\npipelines: {}\n"),
            "f:1:10: version: must be 1\nf:2:12: pipelines: must not be empty\n");
  EXPECT_EQ(problems("log: {}\n"), "f:1:1: version: is missing\nf:1:1: pipelines: is missing\n");
}

TEST(ConfigFile, RefusesTheSameSlotTwice) {
  const std::string pipeline =
      "    source: { postgres: { dsn: \"host=db dbname=shop port=5432\", slot: same } }\n"
      "    sink: { kafka: { bootstrap_servers: a } }\n";
  const std::string other =
      "    source: { postgres: { dsn: \"postgresql://db/shop\", slot: same } }\n"
      "    sink: { kafka: { bootstrap_servers: a } }\n";
  EXPECT_EQ(problems("version: 1\npipelines:\n  a:\n" + pipeline + "  b:\n" + other),
            "f:7:56: pipelines.b.source.postgres.slot: pipeline \"a\" reads the slot \"same\" of "
            "this database too; give each pipeline its own\n");
}

TEST(ConfigFile, RefusesTheSameIdentityTwice) {
  const auto pipeline = [](const std::string& host) {
    return "    source: { postgres: { dsn: \"host=" + host + " dbname=shop\", slot: same } }\n" +
           "    sink: { kafka: { bootstrap_servers: a } }\n";
  };
  EXPECT_EQ(
      problems("version: 1\npipelines:\n  a:\n" + pipeline("one") + "  b:\n" + pipeline("two")),
      "f:6:3: pipelines.b.identity: transactional id and checkpoint topic "
      "\"outrider.shop.same\" are also those of pipeline \"a\"; set another identity\n");
}

TEST(ConfigFile, AnIdentityMadeOfALongDatabaseMustBeSet) {
  const std::string database(250, 'd');
  EXPECT_EQ(
      problems(File{.dsn = "dsn: \"host=h dbname=" + database + "\""}.text()),
      "f:3:3: pipelines.orders.identity: \"outrider." + database +
          ".outrider_orders\", made of database and slot, must be a topic's name: 1 to 249 of "
          "the characters A-Z, a-z, 0-9, ., _ and -, not beginning with __; set an identity\n");
}

TEST(ConfigFile, ReadsAdditionalColumnsAsDebeziumWritesThem) {
  config::Report report("f");
  const std::optional<Config> config = parse_config(
      File{.pipeline =
               "    outbox:\n"
               "      topic: \"{region}\"\n"
               "      allow_topics: [eu, us]\n"
               "      additional: [tenant:header:tenantId, shard:partition, r:topic:region]\n"
               "      key_format: json\n"}
          .text(),
      empty_surroundings(), report);
  ASSERT_TRUE(config) << report.text();
  const OutboxOptions& outbox = config->pipelines.at("orders").outbox;
  using Placement = AdditionalColumn::Placement;
  ASSERT_EQ(outbox.additional.size(), 3U);
  EXPECT_EQ(outbox.additional[0], (AdditionalColumn{"tenant", Placement::Header, "tenantId"}));
  EXPECT_EQ(outbox.additional[1], (AdditionalColumn{"shard", Placement::Partition, "shard"}));
  EXPECT_EQ(outbox.additional[2], (AdditionalColumn{"r", Placement::Topic, "region"}));
  EXPECT_EQ(outbox.key_format, TextFormat::JsonString);
}

TEST(ConfigFile, RefusesAdditionalColumnsThatGoNowhere) {
  const auto additional = [](const std::string& columns) {
    return problems(File{.pipeline = "    outbox: { additional: [" + columns + "] }\n"}.text());
  };
  EXPECT_THAT(additional("a:envelope"), ::testing::HasSubstr("there is no envelope"));
  EXPECT_THAT(additional("a"), ::testing::HasSubstr("expected column:placement"));
  EXPECT_THAT(additional("a:header:b:c"), ::testing::HasSubstr("expected column:placement"));
  EXPECT_THAT(
      additional("a:key, b:key"),
      ::testing::HasSubstr("outbox.additional: additional columns place more than one column "
                           "as the key"));
}

TEST(ConfigFile, ChecksNamesAndTemplates) {
  const auto in_pipeline = [](const std::string& line) {
    return problems(File{.pipeline = "    " + line + "\n"}.text());
  };
  EXPECT_EQ(in_pipeline("outbox: { topic: \"{aggregatetype}\" }"),
            "f:4:15: pipelines.orders.outbox.topic: topic template \"{aggregatetype}\" needs "
            "literal text before {aggregatetype}, or a list under allow_topics; use literal text "
            "with {aggregatetype} in it, "
            "e.g. outbox.event.{aggregatetype}\n");
  EXPECT_EQ(in_pipeline("outbox: { topic: \"events.{kind}\" }"),
            "f:4:15: pipelines.orders.outbox.topic: topic template \"events.{kind}\" has a "
            "character outside [A-Za-z0-9._-] or an unknown placeholder; use literal text with "
            "{aggregatetype} in it, e.g. outbox.event.{aggregatetype}\n");
  EXPECT_EQ(in_pipeline("identity: a b"),
            "f:4:15: pipelines.orders.identity: must be a topic's name: 1 to 249 of the "
            "characters A-Z, a-z, 0-9, ., _ and -, not beginning with __\n");
  EXPECT_EQ(problems(File{.dsn = "dsn: \"dbname=a\", slot: Orders"}.text()),
            "f:4:50: pipelines.orders.source.postgres.slot: a slot's name is 1 to 63 of the "
            "characters a-z, 0-9 and _\n");
  EXPECT_EQ(problems(File{.dsn = "dsn: \"dbname=a\", tables: [a.b, a.b]"}.text()),
            "f:4:58: pipelines.orders.source.postgres.tables[1]: names the same table twice\n");
  EXPECT_EQ(problems(File{.dsn = "dsn: \"dbname=a\", password: a, password_file: /b"}.text()),
            "f:4:15: pipelines.orders.source.postgres: only one of these may be given: password, "
            "password_file\n");
  EXPECT_EQ(problems("version: 1\npipelines:\n  No Spaces: { source: {postgres: {dsn: "
                     "\"dbname=a\"}}, sink: {stdout: } }\n"),
            "f:3:3: pipelines.No Spaces: a pipeline's name is 1 to 40 of the characters a-z, 0-9, "
            "_ and -\n");
  EXPECT_EQ(problems(File{.top = "http: { listen: \"9847\" }\n"}.text()),
            "f:2:17: http.listen: listen address \"9847\" is not host:port; write \":9847\", "
            "\"127.0.0.1:9847\" or \"[::1]:9847\"; \"\" turns HTTP off\n");
}

TEST(ConfigFile, LeavesTheHttpServerOut) {
  EXPECT_EQ(parsed(File{.top = "http: { listen: \"\" }\n"}.text()).http.listen, "");
}

TEST(ConfigFile, KeepsPropertiesThatThePromisesOwn) {
  const auto with = [](const std::string& properties) {
    return File{.sink = "kafka: { bootstrap_servers: a, librdkafka: { " + properties + " } }"}
        .text();
  };
  EXPECT_EQ(parsed(with("linger.ms: 5, sasl.password: a$$b"))
                .pipelines.at("orders")
                .sink.kafka->librdkafka,
            (std::map<std::string, std::string>{{"linger.ms", "5"}, {"sasl.password", "a$b"}}));
  EXPECT_EQ(problems(with("sasl.kerberos.principal: \"x; cmd\"")),
            "f:5:58: pipelines.orders.sink.kafka.librdkafka.sasl.kerberos.principal: librdkafka "
            "property \"sasl.kerberos.principal\" can only hold A-Z, a-z, 0-9 and @._/:-, and "
            "cannot begin with -: librdkafka gives it to a shell\n");
  EXPECT_EQ(problems(with("enable.idempotence: false")),
            "f:5:58: pipelines.orders.sink.kafka.librdkafka.enable.idempotence: librdkafka "
            "property \"enable.idempotence\" cannot be set: order and exactly-once delivery depend "
            "on it\n");
  // Setting it would load the code.
  EXPECT_EQ(problems(with("plugin.library.paths: /none")),
            "f:5:58: pipelines.orders.sink.kafka.librdkafka.plugin.library.paths: librdkafka "
            "property \"plugin.library.paths\" cannot be set: it loads or runs code\n");
}

TEST(ConfigFile, FindsEveryPropertyThatLibrdkafkaDoesNotTake) {
  const auto line = [](const std::string& place, const std::string& property,
                       const std::string& what) {
    return "f:" + place + ": pipelines.orders.sink.kafka.librdkafka." + property + ": " + what +
           "\n";
  };
  EXPECT_EQ(
      problems(R"(version: 1
pipelines:
  orders:
    sink:
      kafka:
        bootstrap_servers: a
        librdkafka:
          linger.mss: 5
          batch.size: many
          sasl.pasword: hunter2
          retry.backoff.ms: "${env:BACKOFF}"
)"),
      "f:3:3: pipelines.orders.source: is missing\n" +
          line("8:11", "linger.mss",
               "No such configuration property: \"linger.mss\" (did you mean "
               "\"linger.ms\"?)") +
          line("9:11", "batch.size", "Invalid value for configuration property \"batch.size\"") +
          line("10:11", "sasl.pasword",
               "No such configuration property: \"sasl.pasword\" (did you mean "
               "\"sasl.password\"?)") +
          line("11:29", "retry.backoff.ms",
               "the environment variable BACKOFF is not set (a default is written "
               "${env:BACKOFF:-default})"));
}

TEST(ConfigFile, ReadsHowToLogInToKafka) {
  const auto with = [](const std::string& keys) {
    return File{.sink = "kafka: { bootstrap_servers: a, " + keys + " }"}.text();
  };
  const Config config = parsed(
      with("tls: { ca_file: /ca }, sasl: { mechanism: PLAIN, username: u, password_file: /p }"));
  const kafka::Options& sink = *config.pipelines.at("orders").sink.kafka;
  EXPECT_EQ(sink.tls->ca_file, "/ca");
  EXPECT_EQ(sink.sasl->mechanism, kafka::SaslMechanism::Plain);
  EXPECT_EQ(sink.sasl->password_file, "/p");
  EXPECT_TRUE(parsed(with("tls: {}")).pipelines.at("orders").sink.kafka->tls);
  EXPECT_EQ(problems(with("sasl: { username: u, password: hidden }")),
            "f:5:44: pipelines.orders.sink.kafka.sasl: would show the login to the network: add "
            "`tls: {}` beside it, or say `librdkafka: { security.protocol: sasl_plaintext }` where "
            "that is meant\n");
  EXPECT_EQ(problems(with("tls: {}, librdkafka: { security.protocol: ssl }")),
            "f:5:67: pipelines.orders.sink.kafka.librdkafka.security.protocol: is what tls sets; "
            "say it there alone\n");
}

TEST(ConfigFile, ReportsAFileThatIsNotThere) {
  config::Report report("/nonexistent/outrider.yaml");
  EXPECT_FALSE(load_config(report));
  EXPECT_EQ(report.text(), "/nonexistent/outrider.yaml: no such file\n");
}

}  // namespace
}  // namespace outrider::app
