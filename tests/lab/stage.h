// Real Postgres and Kafka in a temporary folder, and relays between them; used by the lab.
#pragma once

#include "tests/support/kafka_server.h"
#include "tests/support/postgres_server.h"
#include "tests/support/relay_process.h"
#include "tests/support/temporary_folder.h"

#include <memory>
#include <string>

namespace outrider::testing {

/// Says what happens, for the person who waits; on stderr, so that stdout has results only.
void say(const std::string& what);

/// Starts both servers, with 3 partitions for topics that come into being; everything is gone with
/// this object. Errors are exceptions.
class Stage {
 public:
  explicit Stage(const KafkaServer::Settings& kafka = {},
                 const PostgresServer::Settings& postgres = {});

  /// A database with an outbox whose payload is of that type, and a relay for it that is set up but
  /// not started. Its pipeline is named as the database.
  std::unique_ptr<RelayProcess> add_relay(const std::string& database, const std::string& delivery,
                                          const std::string& payload = "jsonb");
  /// Starts it and waits until it streams.
  static void start(RelayProcess& relay);

  /// The name of that relay's slot and publication.
  static std::string slot_of(const std::string& database) { return "outrider_" + database; }

  const TemporaryFolder& folder() const { return folder_; }
  const PostgresServer& postgres() const { return postgres_; }
  PostgresServer& postgres() { return postgres_; }
  const KafkaServer& kafka() const { return kafka_; }
  KafkaServer& kafka() { return kafka_; }

 private:
  TemporaryFolder folder_;
  PostgresServer postgres_;
  KafkaServer kafka_;
};

}  // namespace outrider::testing
