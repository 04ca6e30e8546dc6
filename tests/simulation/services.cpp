#include "tests/simulation/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace outrider::simulation {
namespace {

constexpr std::size_t kKeys = 5;
constexpr std::size_t kHuge = 70;
constexpr const char* kNoTopic = "no topic!";
constexpr std::size_t kIdColumn = 0;
constexpr std::size_t kAggregateColumn = 1;
constexpr std::size_t kKeyColumn = 2;
constexpr std::size_t kPayloadColumn = 4;

bool is_event(const Change& change) {
  return change.kind == Change::Kind::Insert && change.table == 0;
}

bool is_poison(const Change& change) {
  if (!is_event(change)) return false;
  const auto& values = change.values;
  return !values[kKeyColumn] || !values[kPayloadColumn] || values[kPayloadColumn] == kCursed ||
         values[kPayloadColumn]->size() > kPoisonedBatchBytesMax ||
         values[kAggregateColumn] == kNoTopic;
}

}  // namespace

CommittedEvents Services::events_of(const PostgresServer::Transaction& transaction) const {
  CommittedEvents events;
  events.end_lsn = transaction.committed.end_lsn;
  for (const Change& change : transaction.changes) {
    if (!is_event(change)) continue;
    const bool is_bad = is_poison(change);
    if (is_bad && bad_event_ == BadEventPolicy::Skip) continue;
    const bool is_dead_letter = is_bad && bad_event_ == BadEventPolicy::DeadLetter;
    events.is_poisoned = events.is_poisoned || (is_bad && !is_dead_letter);
    const std::string id = change.values[kIdColumn].value_or("");
    // Nobody promises anything of the order of dead letters.
    events.events.push_back({.id = id,
                             .key = is_dead_letter
                                        ? "dead letter " + id
                                        : change.values[kAggregateColumn].value_or("") + "/" +
                                              change.values[kKeyColumn].value_or(""),
                             .is_dead_letter = is_dead_letter});
  }
  return events;
}

Change Services::event(std::string aggregate) {
  const std::uint64_t number = next_event_++;
  return {.kind = Change::Kind::Insert,
          .table = 0,
          .values = {fmt::format("{:08x}-0000-4000-8000-{:012x}", number, number),
                     std::move(aggregate), fmt::format("key-{}", environment_.random.below(kKeys)),
                     "changed", fmt::format(R"({{"n": {}}})", number)}};
}

Change Services::other_change() {
  static constexpr std::array kKinds = {Change::Kind::Update, Change::Kind::Delete,
                                        Change::Kind::Truncate, Change::Kind::Insert};
  const Change::Kind kind = kKinds[environment_.random.below(kKinds.size())];
  // Rows of the second table are no events.
  const std::size_t table = kind == Change::Kind::Insert ? 1 : environment_.random.below(2);
  Change change{.kind = kind, .table = table, .values = {}};
  if (kind != Change::Kind::Truncate) change.values = event("order").values;
  return change;
}

std::vector<Change> Services::changes(std::size_t most) {
  static constexpr std::array kAggregates = {"order", "user", "cart"};
  std::vector<Change> changes;
  const std::uint64_t count = environment_.random.between(1, most);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (environment_.random.once_in(6)) changes.push_back(other_change());
    changes.push_back(event(kAggregates[environment_.random.below(kAggregates.size())]));
  }
  return changes;
}

void Services::commit(std::vector<Change> changes) {
  CommittedEvents events = events_of({.committed = {}, .changes = changes});
  events.end_lsn = postgres_.commit(std::move(changes)).end_lsn;
  oracle_.committed(std::move(events));
}

void Services::act() {
  switch (environment_.random.below(10)) {
    case 0:
      postgres_.roll_back(changes(5));
      break;
    case 1:
      postgres_.commit_elsewhere();
      break;
    case 2:
      postgres_.commit_unpublished();
      break;
    case 3:
      commit({other_change()});
      break;
    default:
      commit(changes(6));
  }
}

void Services::commit_huge() {
  std::vector<Change> huge;
  while (huge.size() < kHuge) {
    for (Change& change : changes(5)) huge.push_back(std::move(change));
  }
  commit(std::move(huge));
}

void Services::commit_poisoned() {
  std::vector<Change> poisoned = changes(4);
  std::vector<Change*> rows;
  for (Change& change : poisoned) {
    if (is_event(change)) rows.push_back(&change);
  }
  auto& values = rows[environment_.random.below(rows.size())]->values;
  switch (environment_.random.below(5)) {
    case 0:
      values[kKeyColumn] = std::nullopt;
      break;
    case 1:
      values[kPayloadColumn] = std::nullopt;
      break;
    case 2:
      values[kPayloadColumn] = std::string(kPoisonedBatchBytesMax + 1, 'x');
      break;
    case 3:
      values[kPayloadColumn] = kCursed;
      break;
    default:
      values[kAggregateColumn] = kNoTopic;
  }
  commit(std::move(poisoned));
}

void Services::tell_history() {
  std::vector<CommittedEvents> history;
  for (const PostgresServer::Transaction& transaction : postgres_.transactions()) {
    history.push_back(events_of(transaction));
  }
  oracle_.history_is(history);
}

}  // namespace outrider::simulation
