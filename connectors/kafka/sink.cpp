#include "connectors/kafka/sink.h"

#include "connectors/kafka/checkpoint_record.h"
#include "connectors/kafka/checkpoint_topic.h"
#include "connectors/kafka/transaction_log.h"
#include "relay/base/assert.h"

#include <algorithm>
#include <utility>

namespace outrider::kafka {
namespace {

// The worker serves reports as they come; this is long.
constexpr Duration kReportWait = std::chrono::seconds(1);
constexpr int kTransactionalIds = 2;

}  // namespace

KafkaSink::KafkaSink(Options options, const PositionFormat& format, std::unique_ptr<Client> client)
    : options_(std::move(options)), format_(format), client_(std::move(client)) {}

Result<std::optional<Found>> KafkaSink::look(TimePoint) {
  if (!at_rest() && (stage_ == Stage::Closing || close_pending_)) return std::nullopt;
  if (stage_ == Stage::Closed) {
    client_->submit(LookJob{});
    stage_ = Stage::Looking;
    return std::nullopt;
  }
  OUTRIDER_TRY(const std::optional<CheckpointFacts> facts, take_facts());
  if (!facts) return std::nullopt;
  OUTRIDER_TRY(Found found, judge_checkpoint(*facts, Stage::Looked));
  stage_ = Stage::Looked;
  return found;
}

Result<std::optional<Found>> KafkaSink::open(TimePoint, const std::optional<Position>& confirmed) {
  if (stage_ == Stage::Looked) {
    client_->submit(OpenJob{.batch_bytes_max = records_to_isolate_ > 0 ? 1 : batch_bytes_max_});
    stage_ = Stage::Opening;
    recommits_left_ = kTransactionalIds;
    return std::nullopt;
  }
  OUTRIDER_TRY(const std::optional<CheckpointFacts> facts, take_facts());
  if (!facts) return std::nullopt;
  OUTRIDER_TRY(const std::optional<RecommitJob> job, recommit(*facts, confirmed));
  if (job) {
    --recommits_left_;
    client_->submit(*job);
    return std::nullopt;
  }
  OUTRIDER_TRY(Found found, judge_checkpoint(*facts, Stage::Ready));
  stage_ = Stage::Ready;
  if (!exactly_once() && found.checkpoint) {
    // From the first record on, whoever takes over must know that events may repeat.
    OUTRIDER_TRY(opening_checkpoint_, produce_checkpoint({.position = found.checkpoint->position,
                                                          .written_by = Delivery::AtLeastOnce,
                                                          .clean = false,
                                                          .generation = generation_}));
  }
  return found;
}

Result<std::optional<CheckpointFacts>> KafkaSink::take_facts() {
  client_->lower_wake();
  std::optional<JobResult> result = client_->take_result();
  if (!result) return std::nullopt;
  if (const auto* failed = std::get_if<JobFailure>(&*result)) {
    return std::unexpected(error_of(*failed));
  }
  OUTRIDER_ASSERT(std::holds_alternative<CheckpointFacts>(*result),
                  "look and open find a checkpoint");
  return std::get<CheckpointFacts>(std::move(*result));
}

// Brokers that all died may forget to write the markers of a commit that they had acknowledged
// (KAFKA-20734): their coordinator calls it done, and consumers wait for it for ever. After fencing
// nothing else of ours can be open. A commit of the same producer writes the marker. It must be
// certain that the forgotten one was a commit, too: the source was told of it, or the coordinator's
// log says so. A source that dies with the brokers may have forgotten what it was told.
Result<std::optional<RecommitJob>> KafkaSink::recommit(const CheckpointFacts& facts,
                                                       const std::optional<Position>& confirmed) {
  if (facts.is_complete || !facts.hidden || !exactly_once()) return std::nullopt;
  if (recommits_left_ == 0) return std::nullopt;
  OUTRIDER_TRY(const Checkpoint hidden, read_checkpoint(facts.hidden->record, format_));
  const bool was_told = confirmed && !format_.is_further(hidden.position, *confirmed);
  if (!was_told && !facts.hidden->is_committed) return std::nullopt;
  notices_.push_back({.severity = Notice::Severity::Warning,
                      .what = "the brokers forgot to finish a transaction that they had committed "
                              "(KAFKA-20734); finishing it"});
  return RecommitJob{.producer = facts.hidden->producer};
}

Result<Found> KafkaSink::judge_checkpoint(const CheckpointFacts& facts, Stage next) {
  if (facts.partitions == 0 && !options_.create_checkpoint_topic) return Found{};
  OUTRIDER_TRY(check_checkpoint_topic(options_.identity, facts.partitions, facts.cleanup_policy));
  if (!facts.is_complete && next == Stage::Ready) {
    return failure(
        ErrorKind::Unavailable,
        "checkpoint topic \"" + options_.identity + "\" is hidden behind an open transaction",
        "it ends by itself at its time-out; no other program may write to this topic. If it stays, "
        "the brokers forgot to finish it (KAFKA-20734): allow this user to Read the topic " +
            std::string(kTransactionLogTopic) +
            ", and the relay finishes it if it was a commit. Else find and abort it with "
            "kafka-transactions.sh. The relay then repeats what was aborted, or refuses to start "
            "where the source was told that it is delivered");
  }
  Found found;
  for (std::size_t i = 0; i < facts.records.size(); ++i) {
    OUTRIDER_TRY(Checkpoint read, read_checkpoint(facts.records[i], format_));
    if (i < facts.written_at.size()) read.written_at = facts.written_at[i];
    if (!found.checkpoint || counts_more(read, *found.checkpoint)) found.checkpoint = read;
  }
  generation_ = found.checkpoint ? found.checkpoint->generation + 1 : 1;
  return found;
}

// Two runs have the same number where the first record of one was still on its way when the other
// looked. What either says is delivered is delivered, so the further one counts.
bool KafkaSink::counts_more(const Checkpoint& read, const Checkpoint& found) const {
  if (read.generation != found.generation) return read.generation > found.generation;
  return !format_.is_further(found.position, read.position);
}

Error KafkaSink::error_of(const JobFailure& failed) {
  note_error(failed.error);
  return failed.to_error();
}

void KafkaSink::note_error(const ClientError& error) {
  switch (classify(error)) {
    case ErrorClass::Retriable:
      ++counters_.errors_retriable;
      break;
    case ErrorClass::Abortable:
      ++counters_.errors_abortable;
      break;
    case ErrorClass::Fatal:
      ++counters_.errors_fatal;
      break;
    case ErrorClass::Fenced:
      ++counters_.errors_fenced;
      break;
    case ErrorClass::Record:
      ++counters_.errors_record;
      break;
  }
}

Result<void> KafkaSink::step(TimePoint now, Supply supply) {
  client_->lower_wake();
  // Reports first: a rejected record also fails the commit, but only the report names it.
  OUTRIDER_TRY(handle_reports());
  Result<void> handled = handle_result();
  if (failed_) return {};
  OUTRIDER_TRY(std::move(handled));
  if (broken_ && may_be_explained(now)) return {};
  if (broken_ && !delivered_.empty()) {
    // What was delivered is told first.
    due_at_ = now;
    return {};
  }
  if (broken_) return std::unexpected(*broken_);
  if (exactly_once()) {
    commit_if_due(now, supply);
  } else {
    OUTRIDER_TRY(write_checkpoint_if_due(now, supply));
  }
  count_partitions_if_due(now);
  return {};
}

bool KafkaSink::may_be_explained(TimePoint now) {
  if (!awaits_report_) return false;
  if (!report_awaited_until_) report_awaited_until_ = now + kReportWait;
  due_at_ = report_awaited_until_;
  return now < *report_awaited_until_;
}

Result<void> KafkaSink::handle_result() {
  std::optional<JobResult> result = client_->take_result();
  if (!result) return {};
  if (stage_ == Stage::Closing) {
    stage_ = Stage::Closed;
    return {};
  }
  if (close_pending_) {
    close_pending_ = false;
    stage_ = Stage::Closing;
    client_->submit(CloseJob{});
    return {};
  }
  if (std::exchange(is_counting_, false)) {
    // A look that failed is made again; what is wrong with the cluster shows elsewhere.
    const auto* count = std::get_if<PartitionCount>(&*result);
    return count == nullptr ? Result<void>() : judge_partitions(count->partitions);
  }
  if (const auto* failed = std::get_if<JobFailure>(&*result)) {
    return std::unexpected(error_of(*failed));
  }
  if (const auto* facts = std::get_if<TopicFacts>(&*result)) {
    topics_.insert_or_assign(std::exchange(topic_asked_, {}), *facts);
    if (facts->handle < 0 || facts->topic_bytes_max >= batch_bytes_max_) return {};
    batch_bytes_max_ = facts->topic_bytes_max;
    return failure(ErrorKind::Interrupted, "a topic takes batches of at most " +
                                               std::to_string(batch_bytes_max_) +
                                               " bytes; beginning again with smaller batches");
  }
  OUTRIDER_ASSERT(stage_ == Stage::Committing, "only a commit is done without facts");
  note_committed();
  return {};
}

Result<void> KafkaSink::handle_reports() {
  const Reports reports = client_->take_reports();
  for (const Reports::Acknowledged& acknowledged : reports.acknowledged) {
    if (acknowledged.tag == kCheckpointTag) {
      note_checkpoint_acknowledged();
    } else if (TicketInFlight* entry = find(acknowledged.tag)) {
      entry->acknowledged += acknowledged.records;
    }
  }
  if (!reports.failed || failed_) return {};
  note_error(reports.failed->error);
  Error error = to_error(reports.failed->error, "deliver a record");
  if (reports.failed->tag == kCheckpointTag) return std::unexpected(std::move(error));
  fail_batch(*reports.failed, reports.failures);
  return {};
}

void KafkaSink::fail_batch(const Reports::Failed& failed, std::uint64_t records) {
  const TicketInFlight* entry = find(failed.tag);
  if (entry == nullptr) return;
  Error error = to_error(failed.error, "deliver a record");
  const bool exact = records == 1 || records_to_isolate_ > 0;
  if (error.kind == ErrorKind::BadEvent && !exact) {
    // A broker rejects a batch as a whole: which record it was shows when each is sent alone.
    error.kind = ErrorKind::Interrupted;
    error.what += "; sending records one by one to find out which";
    records_to_isolate_ = 2 * options_.transaction_records_max;
  }
  EventId event = entry->first;
  event.ordinal += failed.offset;
  broken_ = error;
  failed_ = Deliveries::Failure{.event = event, .exact = exact, .error = std::move(error)};
}

void KafkaSink::collect(Deliveries& deliveries) {
  deliveries.delivered.insert(deliveries.delivered.end(), delivered_.begin(), delivered_.end());
  delivered_.clear();
  if (failed_) deliveries.failed = std::exchange(failed_, std::nullopt);
}

bool KafkaSink::at_rest() {
  if (stage_ == Stage::Closing || close_pending_) {
    client_->lower_wake();
    // What an abandoned job came to is of no interest.
    static_cast<void>(handle_result());
  }
  return stage_ == Stage::Closed && !close_pending_;
}

void KafkaSink::abandon() {
  if (exactly_once() && counters_.records_in_flight > 0) ++counters_.transactions_aborted;
  reset();
  if (stage_ == Stage::Closed || stage_ == Stage::Closing || close_pending_) return;
  // A failed job has left its result with us already; any other is still under way.
  if (client_->busy()) {
    client_->hurry();
    close_pending_ = true;
    return;
  }
  client_->submit(CloseJob{});
  stage_ = Stage::Closing;
}

void KafkaSink::reset() {
  topics_.clear();
  topic_asked_.clear();
  is_counting_ = false;
  tickets_.clear();
  sealed_ = 0;
  sealed_since_.reset();
  sealed_too_long_ = false;
  delivered_.clear();
  failed_.reset();
  broken_.reset();
  awaits_report_ = false;
  report_awaited_until_.reset();
  due_at_.reset();
  covered_ = 0;
  checkpoint_under_way_ = false;
  opening_checkpoint_ = false;
  counters_.records_in_flight = 0;
  counters_.bytes_in_flight = 0;
}

/// When as many records as can have been with the rejected one went through alone, it was none of
/// them, or it is gone.
void KafkaSink::count_isolated(std::uint64_t records) {
  if (records_to_isolate_ == 0) return;
  records_to_isolate_ -= std::min<std::size_t>(records_to_isolate_, records);
  if (records_to_isolate_ > 0) return;
  broken_ = Error{.kind = ErrorKind::Interrupted,
                  .what = "no record was rejected alone; beginning again with full batches"};
}

void KafkaSink::deliver_front() {
  const TicketInFlight& front = tickets_.front();
  count_isolated(front.records);
  delivered_.push_back(front.ticket);
  counters_.records_delivered += front.records;
  counters_.bytes_delivered += front.bytes;
  counters_.records_in_flight -= front.records;
  counters_.bytes_in_flight -= front.bytes;
  tickets_.pop_front();
  --sealed_;
}

Notices KafkaSink::take_notices() {
  Notices taken = client_->take_notices();
  taken.insert(taken.end(), notices_.begin(), notices_.end());
  notices_.clear();
  return taken;
}

Wake KafkaSink::wake() const {
  Wake wake;
  wake.watch({.fd = client_->wake_fd(), .read = true, .write = false});
  if (due_at_) wake.by(*due_at_);
  return wake;
}

}  // namespace outrider::kafka
