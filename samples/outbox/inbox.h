// The idempotent consumer: every message has its effects once, however often it comes.
#pragma once

#include "samples/outbox/database.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace outbox {

/// A record of Kafka as the relay wrote it.
struct Message {
  std::string id;    ///< Header id: the row of the outbox.
  std::string type;  ///< Header eventType.
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key = {};
  std::string payload = {};
};

enum class Handled {
  Now,      ///< Its effects are committed.
  Before,   ///< They were already.
  Ignored,  ///< Nobody here wants this type.
  Parked,  ///< It kept failing; it lies in parked_event with the reason, and does not block others.
};

/// Uses the tables of migrate_inbox(). Any number of threads, once all handlers are there.
class Inbox {
 public:
  /// Changes the service's state; in the same transaction the message is noted as handled. What it
  /// throws counts as an error.
  using Handler = std::function<Result<void>(Transaction&, const nlohmann::json& payload)>;

  /// `consumer` names who handles, for several consumers of one database.
  Inbox(Database& database, std::string consumer)
      : database_(database), consumer_(std::move(consumer)) {}

  void on(std::string type, Handler handler) { handlers_[std::move(type)] = std::move(handler); }

  /// Only after it the offset may be committed. Any error: it is not handled, try again later; what
  /// will always fail is parked instead.
  Result<Handled> handle(const Message& message);

 private:
  Result<Handled> handle_once(const Message& message, const Handler& handler);
  Result<Handled> park(const Message& message, const std::string& reason);
  Result<bool> note(Transaction& transaction, const Message& message) const;

  Database& database_;
  const std::string consumer_;
  std::map<std::string, Handler> handlers_;
};

}  // namespace outbox
