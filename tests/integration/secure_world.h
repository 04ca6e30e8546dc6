// Servers that want TLS, certificates and passwords, and a relay that has them. Used by
// security_test.cpp.
#pragma once

#include "tests/support/certificates.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/kafka_server.h"
#include "tests/support/postgres_server.h"
#include "tests/support/relay_process.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace outrider::testing {

/// Passwords that are found wherever they leak.
inline const std::string kPostgresPassword = "postgres-secret-7f3a";
inline const std::string kScramPassword = "scram-secret-91bc";
inline const std::string kPlainPassword = "plain-secret-44de";

/// A broker that lets in the user `relay` over SASL and TLS, and `CN=relay` by certificate, to
/// topics and transactional ids that begin with "secure"; its authorizer knows nobody else.
class SecureBroker {
 public:
  SecureBroker(std::filesystem::path folder, const Authority& authority,
               KafkaServer::Version version);

  KafkaServer& kafka() { return kafka_; }
  std::string plaintext() const { return kafka_.bootstrap(); }
  std::string login() const { return login_.bootstrap(); }
  std::string mutual() const { return mutual_.bootstrap(); }
  /// Whose certificates it takes, from its next start on.
  void trust_clients_of(const Authority& authority) const;
  /// Who signed its own certificate, from its next start on.
  void use_certificate_of(const Authority& authority) const;

 private:
  KafkaServer::Settings settings(const Authority& authority) const;

  std::filesystem::path folder_;
  KafkaServer::Listener login_{.name = "LOGIN", .protocol = "SASL_SSL"};
  KafkaServer::Listener mutual_{.name = "MUTUAL", .protocol = "SSL"};
  KafkaServer kafka_;
};

/// Each started by the first test that needs it. Postgres lets the role `relay` in over TLS alone,
/// with a certificate of the authority and a password.
class SecureServers {
 public:
  static SecureServers& shared();

  const Authority& authority() const { return authority_; }
  const Authority& other_authority() const { return other_authority_; }
  PostgresServer& postgres() { return postgres_; }
  /// Whose certificates Postgres takes, soon.
  void let_postgres_trust(const Authority& authority) const;
  SecureBroker& newest() { return newest_; }
  /// For SCRAM: librdkafka before 2.6.1 cannot log in by it to Kafka 4 (librdkafka issue 4895).
  SecureBroker& older();

 private:
  SecureServers();
  PostgresServer::Settings postgres_settings() const;

  TemporaryFolder folder_;
  Authority authority_{folder_.path(), "authority"};
  Authority other_authority_{folder_.path(), "other-authority"};
  PostgresServer postgres_;
  SecureBroker newest_;
  std::unique_ptr<SecureBroker> older_;
};

/// One pipeline on a database of its own. What the YAML says of its servers may be changed before
/// setup().
class SecureWorld {
 public:
  /// By default with a login by PLAIN.
  explicit SecureWorld(SecureBroker& broker = SecureServers::shared().newest());

  std::filesystem::path folder() const { return folder_.path(); }
  /// A file in the folder of this test; its path.
  std::string file(const std::string& file_name, const std::string& content) const;

  // What the relay is told.
  struct PostgresAccess {
    std::string host = "localhost";
    std::string authority;
    std::string certificate;  ///< Empty: none.
    std::string key;
    std::string key_password;  ///< Empty: the key is not encrypted.
    std::string mode = "verify-full";

    void show(const Certificate& own) {
      certificate = own.certificate;
      key = own.key;
    }
  };
  PostgresAccess postgres_access;
  std::string more_of_dsn;       ///< After it, overrides it.
  std::string whole_dsn;         ///< In place of postgres_access, unless empty.
  std::string more_of_postgres;  ///< More keys under source.postgres, `, key: value`.
  std::string kafka_access;      ///< Under sink.kafka, flow style, begins with bootstrap_servers.
  std::string more_of_pipeline;  ///< Lines under the pipeline.

  std::string log_format = "text";
  std::string web_config_file;  ///< Empty: none.
  std::string http_user;
  std::string http_password;

  std::string scram(const std::string& password_file) const;
  std::string plain(const std::string& password) const;
  std::string plain(const std::string& password, const std::filesystem::path& trusted) const;
  std::string mutual(const Certificate& certificate) const;

  /// Writes the configuration and runs `outrider setup`, or only the first.
  void setup();
  void write();
  /// What the program says to both outputs, however it ends; within 20 seconds.
  std::string said(std::vector<std::string> words) const;
  /// What the configuration says of Postgres.
  std::string dsn() const;
  std::string owner_dsn() const { return SecureServers::shared().postgres().dsn(database()); }
  std::string database() const { return "secure" + number_; }
  /// The text of every file in the folder of this test but logs.
  std::string all_files() const;
  void start() { relay_->start(); }
  RelayProcess& relay() { return *relay_; }
  void emit(int events) const;
  void sql(const std::string& statements) const;
  std::vector<Delivered> wait_delivered(std::size_t events);
  /// Until the pipeline gives a reason with these words.
  PipelineReport wait_reason(const std::string& words);

  std::string name = "secure";  ///< What topic and identity begin with.
  std::string identity() const { return name + number_; }
  std::string topic_prefix;  ///< Of its topic in place of the name, unless empty.
  std::string topic() const { return prefix() + number_ + ".order"; }

 private:
  std::string prefix() const { return topic_prefix.empty() ? name : topic_prefix; }
  std::string yaml() const;

  SecureBroker& broker_;
  std::string number_;
  TemporaryFolder folder_;
  std::unique_ptr<RelayProcess> relay_;
};

}  // namespace outrider::testing
