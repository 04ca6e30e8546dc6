// The Kafka sink: records and checkpoint in one Kafka transaction, or an idempotent producer with
// checkpoints after the deliveries. Made by the registry, driven by the pipeline.
#pragma once

#include "connectors/kafka/client.h"
#include "connectors/kafka/options.h"
#include "connectors/sink.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace outrider::kafka {

/// Pure but for the client given to it: when to commit, what is delivered, what an error means.
///
/// exactly_once: one Kafka transaction holds whole tickets and, as its last record, the position of
/// the last of them. It is never committed while a ticket with records is unsealed.
/// at_least_once: a ticket is delivered when its records and a later checkpoint are acknowledged.
class KafkaSink final : public Sink {
 public:
  /// `format` stores the source's positions and outlives the sink.
  KafkaSink(Options options, const PositionFormat& format, std::unique_ptr<Client> client);

  Result<std::optional<Found>> look(TimePoint now) override;
  Result<std::optional<Found>> open(TimePoint now,
                                    const std::optional<Position>& confirmed) override;
  TicketLimits limits() const override {
    return {.records = options_.transaction_records_max, .bytes = options_.transaction_bytes_max};
  }
  Result<Offer> offer(const Record& record, Ticket ticket) override;
  Result<Offer> seal(Ticket ticket, const Position& position) override;
  Result<void> step(TimePoint now, Supply supply) override;
  void collect(Deliveries& deliveries) override;
  void abandon() override;
  bool at_rest() override;
  Wake wake() const override;
  const SinkCounters& counters() const override { return counters_; }
  Notices take_notices() override;

 private:
  static constexpr std::uint32_t kTicketTagMask = 0x7FFF'FFFF;

  enum class Stage {
    Closed,
    Looking,
    Looked,
    Opening,
    Ready,
    Committing,
    Closing,
  };
  struct TicketInFlight {
    Ticket ticket{};
    EventId first;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t acknowledged = 0;
    bool sealed = false;
    Position position;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  bool exactly_once() const { return options_.delivery == Delivery::ExactlyOnce; }
  Result<std::optional<CheckpointFacts>> take_facts();
  /// What must be committed again before the checkpoint can be read.
  Result<std::optional<RecommitJob>> recommit(const CheckpointFacts& facts,
                                              const std::optional<Position>& confirmed);
  Result<Found> judge_checkpoint(const CheckpointFacts& facts, Stage next);
  bool counts_more(const Checkpoint& read, const Checkpoint& found) const;
  Result<void> handle_result();
  Result<void> handle_reports();
  bool may_be_explained(TimePoint now);
  void fail_batch(const Reports::Failed& failed, std::uint64_t records);
  Result<const TopicFacts*> topic(std::string_view name);
  Result<void> check_topic(std::string_view name) const;
  Result<Offer> refuse_taken(const Record& record);
  Error error_of(const JobFailure& failed);
  void note_error(const ClientError& error);
  TicketInFlight& in_flight(Ticket ticket);
  TicketInFlight* find(std::uint32_t tag);

  /// exactly_once: the transaction is large or old enough to be closed at the next seal.
  bool is_grown() const;
  /// exactly_once: no ticket is open, and none may begin before the commit.
  bool must_commit_first() const;
  void commit_if_due(TimePoint now, Supply supply);
  void commit();
  void note_committed();
  void count_partitions_if_due(TimePoint now);
  Result<void> judge_partitions(int partitions);
  Result<void> write_checkpoint_if_due(TimePoint now, Supply supply);
  /// False if the queue is full.
  Result<bool> produce_checkpoint(const Checkpoint& checkpoint);
  void note_checkpoint_acknowledged();
  void count_isolated(std::uint64_t records);
  void deliver_front();
  std::uint32_t tag_of(Ticket ticket) const;
  void reset();

  const Options options_;
  const PositionFormat& format_;
  std::unique_ptr<Client> client_;

  Stage stage_ = Stage::Closed;
  std::size_t batch_bytes_max_ =
      kBatchBytesMax;  // The least that a topic takes; outlives rebuilds.
  // While not 0, each record is a batch of its own, to find the one that had a batch rejected.
  std::size_t records_to_isolate_ = 0;
  std::uint64_t generation_ = 0;  // Of the checkpoints that this run writes.
  int recommits_left_ = 0;        // While opening.
  bool close_pending_ = false;    // Close as soon as the job under way has ended.
  std::unordered_map<std::string, TopicFacts, TextHash, std::equal_to<>> topics_;
  std::string topic_asked_;  // The topic of the TopicJob under way; empty: none.

  std::string topic_counted_;  // The topic whose partitions were counted last.
  bool is_counting_ = false;
  TimePoint next_count_ = TimePoint::min();

  std::deque<TicketInFlight> tickets_;
  std::uint64_t sealed_ = 0;  // How many of tickets_ are sealed; all but at most the last.
  std::optional<TimePoint> sealed_since_;
  bool sealed_too_long_ = false;     // A sealed ticket has waited for its commit as long as it may.
  std::optional<TimePoint> due_at_;  // When step() has something to do without news.
  std::vector<Ticket> delivered_;
  std::optional<Deliveries::Failure> failed_;
  std::optional<Error> broken_;  // The transaction must not be committed.
  // broken_ only follows from a record's failure: its report says more, and may be on its way.
  bool awaits_report_ = false;
  std::optional<TimePoint> report_awaited_until_;

  // at_least_once only.
  std::size_t covered_ = 0;  // Tickets at the front that the checkpoint under way covers.
  bool checkpoint_under_way_ = false;
  bool opening_checkpoint_ = false;  // The mode is being written; no record before it.
  TimePoint checkpoint_written_at_ = TimePoint::min();

  SinkCounters counters_;
  Notices notices_;
};

}  // namespace outrider::kafka
