// Brokers of Kafka 4 that die before an acknowledged commit shows forget to finish it
// (KAFKA-20734).
#include "connectors/registry/registry.h"
#include "tests/conformance/hex_format.h"
#include "tests/conformance/sink_driver.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/kafka_server.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>

namespace outrider::conformance {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using testing::Delivered;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KafkaServer;

// The first broker coordinates the transaction, the second has what it wrote. The first sees the
// partitions without a leader while it has markers to write: that is when it forgets them.
TEST(KafkaSink, ACommitThatBrokersForgotIsFinishedThoughTheSourceWasNeverTold) {
  const testing::TemporaryFolder folder;
  KafkaServer coordinator(folder.path() / "coordinator");
  KafkaServer leader(coordinator, folder.path() / "leader");
  const KafkaServer::Settings compacted{{"cleanup.policy", "compact"}};
  coordinator.create_topic("__transaction_state", 3, compacted, 1);
  coordinator.create_topic("forgotten", 1, compacted, 2);
  coordinator.create_topic("orders", 1, {}, 2);
  const HexFormat format;
  kafka::Options options;
  options.bootstrap_servers = coordinator.bootstrap();
  options.identity = "forgotten";
  const std::unique_ptr<Sink> sink = make_sink(options, format);
  SinkDriver driver(*sink);
  const auto seen = [&] { return testing::read_topic(coordinator.bootstrap(), "orders"); };
  const std::vector<PlainRecord> records = some_records("orders", 0, 2);
  coordinator.kill_hard();
  coordinator.start(KafkaServer::Markers::Held);
  driver.start(kOutagePatience);
  driver.deliver({records[0]}, position_number(1));
  EXPECT_THAT(seen(), IsEmpty());
  leader.kill_hard();
  ASSERT_TRUE(testing::eventually(60s, [&] {
    return coordinator.describe_transaction("forgotten/1").contains("CompleteCommit");
  }));
  driver.abandon(kOutagePatience);
  coordinator.kill_hard();
  coordinator.start();
  leader.start();
  const Found found = driver.start(kOutagePatience);
  ASSERT_TRUE(found.checkpoint.has_value());
  EXPECT_EQ(found.checkpoint->position, position_number(1));
  EXPECT_THAT(sink->take_notices(), Contains(Field(&Notice::what, HasSubstr("KAFKA-20734"))));
  driver.deliver({records[1]}, position_number(2));
  testing::eventually(60s, [&] { return seen().size() == records.size(); });
  EXPECT_THAT(seen(),
              ElementsAre(Field(&Delivered::key, "key 0"), Field(&Delivered::key, "key 1")));
}

}  // namespace
}  // namespace outrider::conformance
