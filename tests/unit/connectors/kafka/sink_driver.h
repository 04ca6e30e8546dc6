// Drives a Kafka sink over a scripted client through its start, and offers it records; used by the
// tests of the Kafka sink.
#pragma once

#include "connectors/kafka/checkpoint_record.h"
#include "connectors/kafka/sink.h"
#include "tests/unit/connectors/kafka/scripted_client.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::kafka::testing {

inline Position position_at(std::uint64_t place) {
  return Position(std::as_bytes(std::span(&place, 1)));
}

/// Stores a position made by position_at() as {"at":42}.
class PlaceFormat final : public PositionFormat {
 public:
  std::string to_json(const Position& position) const override {
    return "{\"at\":" + std::to_string(place_of(position)) + "}";
  }
  Result<Position> from_json(std::string_view json) const override {
    constexpr std::string_view kStart = "{\"at\":";
    std::uint64_t place = 0;
    if (!json.starts_with(kStart) ||
        std::from_chars(json.data() + kStart.size(), json.data() + json.size(), place).ec !=
            std::errc()) {
      return failure(ErrorKind::Refused, "read a stored place");
    }
    return position_at(place);
  }
  bool is_further(const Position& position, const Position& other) const override {
    return place_of(position) > place_of(other);
  }

 private:
  static std::uint64_t place_of(const Position& position) {
    std::uint64_t place = 0;
    std::memcpy(&place, position.bytes().data(), sizeof(place));
    return place;
  }
};

/// A sink with small limits: four records or 64 KiB close a transaction.
class SinkDriver {
 public:
  explicit SinkDriver(Delivery delivery = Delivery::ExactlyOnce, Options options = {})
      : options_(with(std::move(options), delivery)) {
    auto owned = std::make_unique<ScriptedClient>();
    client = owned.get();
    sink = std::make_unique<KafkaSink>(options_, format, std::move(owned));
  }

  /// look() and open() until the sink takes records.
  void start(std::optional<std::string> record = std::nullopt) {
    static_cast<void>(sink->look(now));
    client->finish(facts(record));
    static_cast<void>(sink->look(now));
    static_cast<void>(open());
    client->finish(facts(record));
    static_cast<void>(open());
  }
  /// `confirmed` is the place that the source was told of.
  Result<std::optional<Found>> open(std::optional<std::uint64_t> confirmed = std::nullopt) {
    return sink->open(now, confirmed ? std::optional(position_at(*confirmed)) : std::nullopt);
  }

  void start_again() {
    sink->abandon();
    client->finish(Done{});
    static_cast<void>(sink->at_rest());
    start();
  }

  static CheckpointFacts facts(std::optional<std::string> record = std::nullopt) {
    CheckpointFacts facts{.partitions = 1, .cleanup_policy = "compact", .is_complete = true};
    if (record) facts.records.push_back(std::move(*record));
    return facts;
  }

  std::string stored(std::uint64_t place, Delivery delivery, bool clean,
                     std::uint64_t generation = 1) const {
    return write_checkpoint({.position = position_at(place),
                             .written_by = delivery,
                             .clean = clean,
                             .generation = generation},
                            format);
  }

  /// Offers a record of the transaction 100 × ticket once; a topic that must be looked up is.
  Result<Sink::Offer> offer(std::uint64_t ticket, std::uint64_t ordinal = 0,
                            std::string_view topic = "orders", std::string_view value = "{}") {
    const Record record{.topic = topic,
                        .key = "k",
                        .value = value,
                        .headers = {},
                        .partition = {},
                        .timestamp = {},
                        .event = {.transaction = 100 * ticket, .ordinal = ordinal}};
    Result<Sink::Offer> offered = sink->offer(record, Ticket{ticket});
    if (offered && *offered == Sink::Offer::Full && client->job<TopicJob>() != nullptr) {
      client->finish_topic();
      if (Result<void> stepped = sink->step(now, Supply::More); !stepped) {
        return std::unexpected(stepped.error());
      }
      return sink->offer(record, Ticket{ticket});
    }
    return offered;
  }
  Result<Sink::Offer> seal(std::uint64_t ticket) {
    return sink->seal(Ticket{ticket}, position_at(ticket));
  }
  Result<void> step(Supply supply) { return sink->step(now, supply); }
  Result<void> step_after(Duration time, Supply supply) {
    now += time;
    return step(supply);
  }

  std::vector<std::uint64_t> delivered() {
    Deliveries deliveries;
    sink->collect(deliveries);
    failed = deliveries.failed;
    std::vector<std::uint64_t> tickets;
    for (const Ticket ticket : deliveries.delivered) {
      tickets.push_back(static_cast<std::uint64_t>(ticket));
    }
    return tickets;
  }

  PlaceFormat format;
  ScriptedClient* client = nullptr;
  std::unique_ptr<KafkaSink> sink;
  /// What the last delivered() collected besides.
  std::optional<Deliveries::Failure> failed;
  TimePoint now = TimePoint(std::chrono::hours(1));

 private:
  static Options with(Options options, Delivery delivery) {
    options.bootstrap_servers = "localhost:9092";
    options.identity = "outrider.shop.orders";
    options.delivery = delivery;
    options.transaction_records_max = 4;
    options.transaction_bytes_max = 64 * 1024;
    return options;
  }

  Options options_;
};

}  // namespace outrider::kafka::testing
