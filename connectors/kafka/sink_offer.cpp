// What the Kafka sink takes: topics, records and seals.
#include "connectors/kafka/sink.h"
#include "connectors/kafka/topic_name.h"
#include "relay/base/assert.h"

#include <utility>

namespace outrider::kafka {
namespace {

// What a record costs beyond its bytes; librdkafka and brokers count about as much.
constexpr std::size_t kRecordOverhead = 128;
// How long it takes to look at the partitions of all topics once; one is looked at each time.
constexpr Duration kCountRound = std::chrono::seconds(60);

}  // namespace

Result<const TopicFacts*> KafkaSink::topic(std::string_view name) {
  const auto known = topics_.find(name);
  if (known == topics_.end()) {
    OUTRIDER_TRY(check_topic(name));
    if (!client_->busy()) {
      topic_asked_ = std::string(name);
      client_->submit(TopicJob{topic_asked_});
    }
    return nullptr;
  }
  if (known->second.handle < 0) {
    return failure(ErrorKind::BadEvent, "topic \"" + std::string(name) + "\" does not exist",
                   "create it, or set sink.kafka.topics.create: true, then restart");
  }
  return &known->second;
}

void KafkaSink::count_partitions_if_due(TimePoint now) {
  if (stage_ != Stage::Ready || client_->busy() || topics_.empty() || now < next_count_) return;
  const bool is_first = next_count_ == TimePoint::min();
  next_count_ = now + kCountRound / static_cast<Duration::rep>(topics_.size());
  if (is_first) return;  // They were counted when they were found.
  auto next = topics_.find(topic_counted_);
  if (next != topics_.end()) ++next;
  if (next == topics_.end()) next = topics_.begin();
  topic_counted_ = next->first;
  is_counting_ = true;
  client_->submit(CountJob{topic_counted_});
}

Result<void> KafkaSink::judge_partitions(int partitions) {
  TopicFacts& known = topics_[topic_counted_];
  if (partitions <= known.partitions) return {};
  const std::string what = "topic \"" + topic_counted_ + "\" has " + std::to_string(partitions) +
                           " partitions instead of " + std::to_string(known.partitions) +
                           ": keys go elsewhere than before, and the order of their events is lost "
                           "for consumers that are not caught up";
  if (options_.on_partition_change == OnPartitionChange::Halt) {
    return failure(ErrorKind::Refused, what,
                   "when the consumers have read everything, restart the relay");
  }
  known.partitions = partitions;
  notices_.push_back({Notice::Severity::Warning, what});
  return {};
}

Result<void> KafkaSink::check_topic(std::string_view name) const {
  OUTRIDER_TRY(check_topic_name(name));
  if (name != options_.identity) return {};
  return failure(ErrorKind::BadEvent,
                 "topic \"" + std::string(name) + "\" is the pipeline's checkpoint topic",
                 "change the topic template, or give the pipeline another `identity:`");
}

Result<Sink::Offer> KafkaSink::offer(const Record& record, Ticket ticket) {
  if (stage_ != Stage::Ready || opening_checkpoint_) return Offer::Full;
  if (failed_ || awaits_report_) return Offer::Full;
  if (broken_) return std::unexpected(*broken_);
  if (must_commit_first()) return Offer::Full;
  OUTRIDER_TRY(const TopicFacts* facts, topic(record.topic));
  if (facts == nullptr) return Offer::Full;
  const std::size_t bytes = record.bytes();
  if (bytes + kRecordOverhead > facts->record_bytes_max) {
    ++counters_.errors_record;
    return failure(ErrorKind::BadEvent,
                   "record of " + std::to_string(bytes) + " bytes is too large for topic \"" +
                       std::string(record.topic) + "\", which takes " +
                       std::to_string(facts->record_bytes_max),
                   "raise max.message.bytes of the topic (and message.max.bytes under "
                   "sink.kafka.librdkafka), or make the payload smaller, then restart");
  }
  if (record.partition && *record.partition >= facts->partitions) {
    ++counters_.errors_record;
    return failure(ErrorKind::BadEvent,
                   "topic \"" + std::string(record.topic) + "\" has no partition " +
                       std::to_string(*record.partition) + ", only " +
                       std::to_string(facts->partitions),
                   "give the topic more partitions, or correct the column that names one");
  }
  TicketInFlight& entry = in_flight(ticket);
  if (entry.records == 0) entry.first = record.event;
  const auto offset = static_cast<std::uint32_t>(record.event.ordinal - entry.first.ordinal);
  switch (client_->produce(record, facts->handle, tag_of(ticket), offset)) {
    case Client::Produced::QueueFull:
      return Offer::Full;
    case Client::Produced::Failed:
      return refuse_taken(record);
    case Client::Produced::Taken:
      break;
  }
  ++entry.records;
  entry.bytes += bytes;
  ++counters_.records_in_flight;
  counters_.bytes_in_flight += bytes;
  return Offer::Taken;
}

/// The client did not take the record, but the transaction does not know that one is missing: it
/// must never be committed.
Result<Sink::Offer> KafkaSink::refuse_taken(const Record& record) {
  note_error(client_->last_error());
  broken_ = to_error(client_->last_error(), "produce to \"" + std::string(record.topic) + "\"");
  if (is_consequence(client_->last_error())) {
    awaits_report_ = true;
    return Offer::Full;
  }
  if (broken_->kind != ErrorKind::BadEvent) return std::unexpected(*broken_);
  // Named in collect(), so that it is not offered again after the rebuild.
  failed_ = Deliveries::Failure{.event = record.event, .exact = true, .error = *broken_};
  broken_->kind = ErrorKind::Interrupted;
  return Offer::Full;
}

Result<Sink::Offer> KafkaSink::seal(Ticket ticket, const Position& position) {
  if (stage_ != Stage::Ready || opening_checkpoint_) return Offer::Full;
  if (failed_ || awaits_report_) return Offer::Full;
  if (broken_) return std::unexpected(*broken_);
  TicketInFlight& entry = in_flight(ticket);
  entry.sealed = true;
  entry.position = position;
  ++sealed_;
  if (must_commit_first() && !client_->busy()) commit();
  return Offer::Taken;
}

/// The entry of the newest ticket, made if it is new. A ticket of which nothing was taken leaves an
/// entry without records, which the next ticket replaces.
KafkaSink::TicketInFlight& KafkaSink::in_flight(Ticket ticket) {
  if (!tickets_.empty() && !tickets_.back().sealed) {
    TicketInFlight& last = tickets_.back();
    OUTRIDER_ASSERT(last.ticket == ticket || last.records == 0, "one ticket is open at a time");
    last.ticket = ticket;
    return last;
  }
  tickets_.push_back({});
  tickets_.back().ticket = ticket;
  return tickets_.back();
}

std::uint32_t KafkaSink::tag_of(Ticket ticket) const {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(ticket)) & kTicketTagMask;
}

KafkaSink::TicketInFlight* KafkaSink::find(std::uint32_t tag) {
  if (tickets_.empty()) return nullptr;
  // Tickets rise by one, so the tag tells the place.
  const std::uint32_t place = (tag - tag_of(tickets_.front().ticket)) & kTicketTagMask;
  return place < tickets_.size() ? &tickets_[place] : nullptr;
}

}  // namespace outrider::kafka
