// Mistakes in the configuration file, against deploy/TROUBLESHOOTING.md.
#include "tests/integration/troubleshooting_page.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace outrider::testing {
namespace {

/// A configuration that is right, of which a case says something else.
struct File {
  std::string top = "version: 1";
  std::string pipeline = "orders";
  std::string dsn = "dsn: 'host=db dbname=shop user=relay'";
  std::string postgres = {};  ///< More keys of it, ", key: value".
  std::string brokers = "bootstrap_servers: 'kafka:9092'";
  std::string kafka = {};  ///< The same.
  std::string more = {};   ///< Another key of the pipeline.
};

std::string text_of(const File& file) {
  return file.top + "\npipelines:\n  " + file.pipeline + ":\n    source: { postgres: { " +
         file.dsn + file.postgres + " } }\n    sink: { kafka: { " + file.brokers + file.kafka +
         " } }\n    " + file.more + "\n";
}

std::vector<Said> check_text(const std::string& text) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "outrider.yaml";
  std::ofstream(file) << text;
  return outrider({"check"}, file);
}

std::vector<Said> check(const File& file) { return check_text(text_of(file)); }

/// Two of one database that share what one line says.
std::string two_pipelines(const std::string& postgres, const std::string& key) {
  const std::string again = text_of({.pipeline = "again", .postgres = postgres, .more = key});
  return text_of({.more = key}) + again.substr(again.find("  again:"));
}

/// Checks a configuration whose http.web_config_file holds this text.
std::vector<Said> check_web(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "web.yaml") << text;
  std::ofstream(folder.path() / "outrider.yaml")
      << text_of({.top = "version: 1\nhttp: { web_config_file: '" +
                         (folder.path() / "web.yaml").string() + "' }"});
  return outrider({"check"}, folder.path() / "outrider.yaml");
}

TEST(Page, SpoilsAConfigurationThatIsRight) {
  const std::vector<Said> said = check({});
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said.front().message, "ok, 1 pipeline");
}

TEST(ConfigurationTheFile, TheFileIsNotThere) {
  expect_row(outrider({"check"}, "/nowhere/outrider.yaml"));
}

TEST(ConfigurationTheFile, ThePathIsADirectory) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "outrider.yaml");
  expect_row(outrider({"check"}, folder.path() / "outrider.yaml"));
}

TEST(ConfigurationTheFile, TheFileIsEmpty) { expect_row(check_text("")); }

TEST(ConfigurationTheFile, TheFileIsNotUTF8) { expect_row(check_text("version: 1 # caf\xe9\n")); }

TEST(ConfigurationTheFile, ALineIsIndentedByATab) {
  expect_row(check_text("version: 1\npipelines:\n\torders:\n"));
}

TEST(ConfigurationTheFile, AQuoteIsNotClosed) {
  expect_row(check_text("version: 1\nlog: { level: 'info }\n"));
}

TEST(ConfigurationTheFile, TheFileHoldsTwoDocuments) {
  expect_row(check_text("version: 1\n---\nversion: 1\n"));
}

TEST(ConfigurationKeysAndValues, AKeyIsMisspelled) {
  expect_row(check({.more = "outbox: { colums: {} }"}));
}

TEST(ConfigurationKeysAndValues, AKeyIsNotKnown) { expect_row(check({.more = "filter: all"})); }

TEST(ConfigurationKeysAndValues, AKeyIsGivenTwice) {
  expect_row(check({.more = "delivery: exactly_once\n    delivery: at_least_once"}));
}

TEST(ConfigurationKeysAndValues, AKeyThatIsNeededIsMissing) { expect_row(check({.top = ""})); }

TEST(ConfigurationKeysAndValues, AKeyHasNoValue) { expect_row(check({.dsn = "dsn:"})); }

TEST(ConfigurationKeysAndValues, TheVersionIsOfAnotherTime) {
  expect_row(check({.top = "version: 2"}));
}

TEST(ConfigurationKeysAndValues, ThereIsNoPipeline) {
  expect_row(check_text("version: 1\npipelines: {}\n"));
}

TEST(ConfigurationKeysAndValues, TheNameOfAPipelineHasACapitalLetter) {
  expect_row(check({.pipeline = "Orders"}));
}

TEST(ConfigurationKeysAndValues, ANameOfAChoiceIsMisspelled) {
  expect_row(check({.more = "delivery: exactly-once"}));
}

TEST(ConfigurationKeysAndValues, ADurationHasNoUnit) {
  expect_row(check({.top = "version: 1\nshutdown: { drain_timeout: 30 }"}));
}

TEST(ConfigurationKeysAndValues, ASizeHasNoUnit) {
  expect_row(check({.kafka = ", transaction: { bytes_max: 1000000 }"}));
}

TEST(ConfigurationKeysAndValues, AValueIsOutsideItsRange) {
  expect_row(check({.kafka = ", transaction: { timeout: 1h }"}));
}

TEST(ConfigurationKeysAndValues, YesStandsInPlaceOfTrue) {
  expect_row(check({.kafka = ", topics: { create: yes }"}));
}

TEST(ConfigurationKeysAndValues, AListStandsWhereOneValueIsExpected) {
  expect_row(check({.brokers = "bootstrap_servers: [ 'a:9092', 'b:9092' ]"}));
}

TEST(ConfigurationKeysAndValues, ASingleValueStandsWhereAListIsExpected) {
  expect_row(check({.postgres = ", tables: public.outbox"}));
}

TEST(ConfigurationKeysAndValues, AnEnvironmentVariableIsNotSet) {
  expect_row(check({.postgres = ", password: '${env:NOT_SET_ANYWHERE}'"}));
}

TEST(ConfigurationKeysAndValues, AFileThatAValueRefersToIsNotThere) {
  expect_row(check({.postgres = ", password: '${file:/nowhere/password}'"}));
}

TEST(ConfigurationKeysAndValues, AReferenceToAFileIsRelative) {
  expect_row(check({.postgres = ", password: '${file:password}'"}));
}

TEST(ConfigurationKeysAndValues, AReferenceIsOfNoKnownKind) {
  expect_row(check({.postgres = ", password: '${PASSWORD}'"}));
}

TEST(ConfigurationPostgres, ThereIsNoDsn) { expect_row(check({.dsn = "slot: orders"})); }

TEST(ConfigurationPostgres, TheDsnIsNone) { expect_row(check({.dsn = "dsn: 'host=db dbname'"})); }

TEST(ConfigurationPostgres, TheDsnNamesNoDatabase) {
  expect_row(check({.dsn = "dsn: 'host=db user=relay'"}));
}

TEST(ConfigurationPostgres, TwoPasswordsAreGiven) {
  expect_row(check({.postgres = ", password: a, password_file: b"}));
}

TEST(ConfigurationPostgres, TheNameOfTheSlotHasAHyphen) {
  expect_row(check({.postgres = ", slot: my-slot"}));
}

TEST(ConfigurationPostgres, ATableHasNoSchema) {
  expect_row(check({.postgres = ", tables: [ outbox ]"}));
}

TEST(ConfigurationPostgres, ATableIsNamedTwice) {
  expect_row(check({.postgres = ", tables: [ public.outbox, public.outbox ]"}));
}

TEST(ConfigurationPostgres, ThereIsNoTableAndNoPrefixOfMessages) {
  expect_row(check({.postgres = ", tables: []"}));
}

TEST(ConfigurationPostgres, TwoPipelinesReadTheSameSlot) {
  expect_row(check_text(two_pipelines(", slot: outrider_orders", "")));
}

TEST(ConfigurationPostgres, TheNameOfTheDatabaseMakesNoTopicSName) {
  expect_row(check(
      {.dsn = "dsn: 'host=db "
              "dbname="
              "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
              "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
              "dddddddddddddddddddddd'",
       .postgres = ", slot: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}));
}

TEST(ConfigurationKafka, NoBrokerIsNamed) {
  expect_row(check({.brokers = "bootstrap_servers: ''"}));
}

TEST(ConfigurationKafka, TwoPipelinesHaveOneIdentity) {
  expect_row(check_text(two_pipelines("", "identity: same")));
}

TEST(ConfigurationKafka, TheIdentityMakesNoTopicSName) {
  expect_row(check({.more = "identity: 'orders relay'"}));
}

TEST(ConfigurationKafka, ALoginHasNoTLS) {
  expect_row(check({.kafka = ", sasl: { username: relay, password: secret }"}));
}

TEST(ConfigurationKafka, ALoginHasNoPassword) {
  expect_row(check({.kafka = ", tls: {}, sasl: { username: relay }"}));
}

TEST(ConfigurationKafka, TheMechanismOfALoginIsNotKnown) {
  expect_row(
      check({.kafka = ", tls: {}, sasl: { mechanism: SCRAM, username: relay, password: secret }"}));
}

TEST(ConfigurationKafka, ACertificateHasNoKey) {
  expect_row(check({.kafka = ", tls: { certificate_file: relay.pem }"}));
}

TEST(ConfigurationKafka, ASettingOfTLSIsGivenTwice) {
  expect_row(check({.kafka = ", tls: {}, librdkafka: { security.protocol: ssl }"}));
}

TEST(ConfigurationKafka, APropertyIsMisspelled) {
  expect_row(check({.kafka = ", librdkafka: { linger.mss: 5 }"}));
}

TEST(ConfigurationKafka, APropertyHasAValueThatCannotBe) {
  expect_row(check({.kafka = ", librdkafka: { compression.type: fastest }"}));
}

TEST(ConfigurationKafka, APropertyThatThePromisesDependOnIsSet) {
  expect_row(check({.kafka = ", librdkafka: { acks: 1 }"}));
}

TEST(ConfigurationKafka, TheTransactionalIdIsSetAsAProperty) {
  expect_row(check({.kafka = ", librdkafka: { transactional.id: relay }"}));
}

TEST(ConfigurationKafka, APluginIsToBeLoaded) {
  expect_row(check({.kafka = ", librdkafka: { plugin.library.paths: monitoring.so }"}));
}

TEST(ConfigurationEvents, TheTopicBeginsWithWhatRowsSay) {
  expect_row(check({.more = "outbox: { topic: '{aggregatetype}.events' }"}));
}

TEST(ConfigurationEvents, TheTopicHasAPlaceholderThatIsNotKnown) {
  expect_row(check({.more = "outbox: { topic: 'events.{type}' }"}));
}

TEST(ConfigurationEvents, TheTopicHasABlank) {
  expect_row(check({.more = "outbox: { topic: 'my events' }"}));
}

TEST(ConfigurationEvents, AnAdditionalColumnHasNoPlacement) {
  expect_row(check({.more = "outbox: { additional: [ tenant ] }"}));
}

TEST(ConfigurationEvents, AnAdditionalColumnGoesToTheEnvelope) {
  expect_row(check({.more = "outbox: { additional: [ 'tenant:envelope' ] }"}));
}

TEST(ConfigurationEvents, TwoColumnsAreTheKey) {
  expect_row(check({.more = "outbox: { additional: [ 'a:key', 'b:key' ] }"}));
}

TEST(ConfigurationEvents, TheNameOfAColumnIsEmpty) {
  expect_row(check({.more = "outbox: { columns: { payload: '' } }"}));
}

TEST(ConfigurationEvents, TheDeadLetterTopicIsNone) {
  expect_row(check({.more = "bad_event: dead_letter\n    dead_letter_topic: 'dead letters'"}));
}

TEST(ConfigurationHTTP, TheAddressToListenOnHasNoPort) {
  expect_row(check({.top = "version: 1\nhttp: { listen: localhost }"}));
}
TEST(ConfigurationHTTP, TheFileOfTLSAndUsersIsNotThere) {
  expect_row(check({.top = "version: 1\nhttp: { web_config_file: /nowhere/web.yaml }"}));
}

TEST(ConfigurationHTTP, APasswordIsNoHash) {
  expect_row(check_web("basic_auth_users: { prometheus: secret }"));
}

TEST(ConfigurationHTTP, TheFileOfACertificateIsNotThere) {
  expect_row(check_web("tls_server_config: { cert_file: no.pem, key_file: no.key }"));
}

TEST(ConfigurationHTTP, ClientsAreVerifiedAgainstNoAuthority) {
  expect_row(
      check_web("tls_server_config: { cert_file: web.yaml, key_file: web.yaml, client_auth_type: "
                "RequireAndVerifyClientCert }"));
}

}  // namespace
}  // namespace outrider::testing
