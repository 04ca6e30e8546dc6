#include "samples/outbox/inbox.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

namespace outbox {
namespace {

// What fails so often will fail again: a human must look.
constexpr int kTriesMost = 3;

// Who writes to the topic by hand may leave the header out, or put any bytes into it.
std::string id_of(const Message& message) {
  constexpr std::size_t kMost = 200;
  const bool is_plain = std::ranges::all_of(message.id, [](char c) { return c > ' ' && c <= '~'; });
  if (!message.id.empty() && message.id.size() <= kMost && is_plain) return message.id;
  return message.topic + "/" + std::to_string(message.partition) + "/" +
         std::to_string(message.offset);
}

// As Postgres reads a bytea: what was sent may be anything.
std::string bytea_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex = "\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xF];
  }
  return hex;
}

// A handler may use functions of the JSON library that throw where a field is not what it expects.
Result<void> guarded(const Inbox::Handler& handler, Transaction& transaction,
                     const nlohmann::json& payload) {
  try {
    return handler(transaction, payload);
  } catch (const std::exception& error) {
    return failure(ErrorKind::BadEvent, error.what());
  }
}

// The same message may succeed later.
bool is_passing(const Error& error) {
  return error.kind == ErrorKind::Unavailable || error.kind == ErrorKind::Interrupted;
}

}  // namespace

Result<Handled> Inbox::handle(const Message& message) {
  const auto handler = handlers_.find(message.type);
  if (handler == handlers_.end()) return Handled::Ignored;
  for (int tries = 1;; ++tries) {
    Result<Handled> handled = handle_once(message, handler->second);
    if (handled || is_passing(handled.error())) return handled;
    if (tries == kTriesMost) return park(message, handled.error().what);
  }
}

Result<Handled> Inbox::handle_once(const Message& message, const Handler& handler) {
  const nlohmann::json payload = nlohmann::json::parse(message.payload, nullptr, false);
  if (!payload.is_object()) return failure(ErrorKind::BadEvent, "the payload is no JSON object");
  Handled outcome = Handled::Now;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(const bool is_new, note(transaction, message));
    outcome = is_new ? Handled::Now : Handled::Before;
    return is_new ? guarded(handler, transaction, payload) : Result<void>();
  });
  if (!done) return std::unexpected(done.error());
  return outcome;
}

/// False if it was noted before.
Result<bool> Inbox::note(Transaction& transaction, const Message& message) const {
  OUTRIDER_TRY(const Rows noted, transaction.run("insert into inbox (consumer, message_id) "
                                                 "values ($1, $2) on conflict do nothing "
                                                 "returning message_id",
                                                 {consumer_, id_of(message)}));
  return !noted.empty();
}

Result<Handled> Inbox::park(const Message& message, const std::string& reason) {
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(const bool is_new, note(transaction, message));
    if (!is_new) return {};
    OUTRIDER_TRY(transaction.run(
        "insert into parked_event (consumer, message_id, topic, kafka_partition, kafka_offset, "
        "type, payload, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        {consumer_, id_of(message), message.topic, std::to_string(message.partition),
         std::to_string(message.offset), message.type, bytea_of(message.payload), reason}));
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return Handled::Parked;
}

}  // namespace outbox
