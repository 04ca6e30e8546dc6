// What must be true at every moment of a run, from the services' point of view and the consumers';
// used by the world.
#pragma once

#include "connectors/postgres/lsn.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/kafka_cluster.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::simulation {

/// Where relays send events that make no record, if they do.
constexpr std::string_view kDeadLetterTopic = "outbox.dead-letter";

/// One committed transaction with its outbox events, in row order.
struct CommittedEvents {
  struct Event {
    std::string id;
    std::string key;  ///< What its order holds for: topic and record key.
    /// It makes no record, and the relay sends it to the dead-letter topic.
    bool is_dead_letter = false;
  };
  postgres::Lsn end_lsn;
  std::vector<Event> events;
  /// Holds an event that cannot be published: none of the transaction may appear.
  bool is_poisoned = false;
  /// Committed while the server did not say it: it is a gap.
  bool is_gap = false;
};

/// Knows what services committed; is told what consumers see and what Postgres may forget. The
/// first broken promise is kept.
class Oracle {
 public:
  /// `whole_up_to`: a transaction with more events may come in parts.
  Oracle(Environment& environment, std::size_t whole_up_to)
      : environment_(environment), whole_up_to_(whole_up_to) {}

  void committed(CommittedEvents transaction);
  /// The database was restored or failed over: this is its history now.
  void history_is(const std::vector<CommittedEvents>& transactions);
  /// An operator told the server to forget up to there.
  void forgotten_by_operator(postgres::Lsn up_to);
  /// Transactions up to there may come in parts: the server was slow inside one of them.
  void may_split_up_to(postgres::Lsn end_lsn) { splittable_ = std::max(splittable_, end_lsn); }
  void allow_repeats() { repeats_allowed_ = true; }
  /// The server does not say what is committed from now on, until it does again.
  void not_said(bool not_said) { not_said_ = not_said; }

  void decided(const StoredRecord& record);
  void visible(const TopicPartition& place, const StoredRecord& record, std::uint64_t transaction);
  void complete(std::uint64_t transaction);
  /// What the server was told it may forget.
  void confirmed(postgres::Lsn flush);
  void violated(const std::string& what);

  /// How many events consumers still have to see.
  std::size_t outstanding() const { return outstanding_count_; }
  /// The next event that they have to see, for messages; empty: none.
  std::string next_outstanding() const;
  const std::optional<std::string>& violation() const { return violation_; }
  /// The end of the last transaction with events that can be published.
  postgres::Lsn last_event_end() const { return last_event_end_; }

 private:
  struct Known {
    std::string key;
    std::size_t transaction = 0;  // Place in transactions_.
    bool is_held = false;         // By a poisoned transaction, its own or one before it, or a gap.
    bool is_dead_letter = false;
  };
  void expect(const CommittedEvents& transaction);

  Environment& environment_;
  const std::size_t whole_up_to_;
  std::vector<CommittedEvents> transactions_;
  std::map<std::string, Known> present_;  // Events of the present history, by id.
  std::set<std::string> ever_;            // Events of any history.
  std::map<std::string, std::deque<std::string>> outstanding_;  // By key, in commit order.
  std::size_t outstanding_count_ = 0;
  std::set<std::string> seen_;
  std::set<std::string> decided_;
  std::map<std::uint64_t, std::set<std::string>> seen_in_;  // By Kafka transaction.
  std::size_t confirmed_transactions_ = 0;
  bool is_held_ =
      false;  // A poisoned transaction or a gap was committed: nothing after it appears.
  postgres::Lsn forgotten_;
  postgres::Lsn splittable_;
  postgres::Lsn last_event_end_;
  bool not_said_ = false;
  bool repeats_allowed_ = false;
  std::optional<std::string> violation_;
};

}  // namespace outrider::simulation
