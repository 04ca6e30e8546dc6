// What operators do to a running system; part of the world.
#include "tests/simulation/world.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string_view>

namespace outrider::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kAnotherSystem = 7'000'000'000'000'000'099;

}  // namespace

// Acts that lose events or break what a relay relies on: it must refuse to go on, or, where nothing
// was lost, may go on.
void World::operate() {
  Random& random = environment_.random;
  const std::string checkpoints = kIdentity;
  // Without a checkpoint a used slot is adopted as it is; and of two such acts the second may hide
  // what the first one did.
  if (was_operated_ || kafka_.read_committed(checkpoints, checkpoints).records.empty()) return;
  const auto gap = [&](const char* act) {
    environment_.trace.note("operator", act);
    may_halt_ = true;
    was_operated_ = true;
  };
  switch (random.below(17)) {
    case 0:
      gap("drops the slot");
      must_halt_ = true;
      postgres_.drop_slot();
      break;
    case 1:
      gap("advances the slot");
      postgres_.advance_slot();
      oracle_.forgotten_by_operator(postgres_.confirmed_flush());
      break;
    case 2:
      gap("creates the slot anew");
      postgres_.recreate_slot();
      oracle_.forgotten_by_operator(postgres_.confirmed_flush());
      break;
    case 3:
      gap("lets the slot be lost");
      must_halt_ = true;
      postgres_.lose_slot();
      break;
    case 4:
      gap("creates the publication anew");
      must_halt_ = true;
      postgres_.recreate_publication();
      break;
    case 5:
      gap("drops the publication");
      must_halt_ = true;
      oracle_.not_said(true);
      postgres_.drop_publication();
      break;
    case 6:
      gap("takes the table out of the publication");
      must_halt_ = true;
      oracle_.not_said(true);
      postgres_.uncover_table();
      run_for(random.between(0ms, 15s));
      services_.act();
      postgres_.cover_table();
      oracle_.not_said(false);
      break;
    case 7:
      environment_.trace.note("operator", "takes a snapshot");
      snapshot_ = postgres_.snapshot();
      break;
    case 8:
      if (!snapshot_ || random.once_in(2)) {
        snapshot_ = postgres_.snapshot();
        pass_time();
      }
      gap("restores a snapshot");
      postgres_.restore(*snapshot_);
      services_.tell_history();
      if (random.once_in(2)) go_on_without_relays();
      break;
    case 9:
      environment_.trace.note("operator", "fails over, nothing is lost");
      postgres_.fail_over(false);
      services_.tell_history();
      if (random.once_in(2)) go_on_without_relays();
      break;
    case 10:
      gap("fails over, the end of the log is lost");
      postgres_.fail_over(true);
      services_.tell_history();
      if (random.once_in(2)) go_on_without_relays();
      break;
    case 11:
      gap("deletes the checkpoint topic");
      kafka_.delete_topic(checkpoints);
      oracle_.allow_repeats();
      break;
    case 12:
      gap("sets another cleanup policy");
      kafka_.set_cleanup_policy(checkpoints, "delete");
      break;
    case 13:
      environment_.trace.note("operator", "switches the delivery mode");
      oracle_.allow_repeats();
      delivery_ =
          delivery_ == Delivery::ExactlyOnce ? Delivery::AtLeastOnce : Delivery::ExactlyOnce;
      while (!relays_.empty() && !oracle_.violation()) {
        if (relays_.front()->is_halted() || random.once_in(2)) {
          kill(0);
        } else {
          stop_cleanly(0);
        }
      }
      start_relay(next_relay_++);
      break;
    case 14:
      visit_of_another_cluster();
      break;
    case 15:
      visit_of_a_later_release(R"("field_of_a_later_release":[1],)", 1);
      break;
    case 16:
      gap("rolls back a release that wrote another format");
      visit_of_a_later_release("", 2);
      break;
  }
}

/// With events, or without any: then the relay moves its checkpoint on all the same.
void World::pass_time() {
  const bool is_quiet = environment_.random.once_in(2);
  for (std::uint64_t i = environment_.random.between(1, 8); i > 0; --i) {
    if (is_quiet) {
      postgres_.commit_elsewhere();
    } else {
      services_.act();
    }
  }
  run_for(environment_.random.between(0ms, is_quiet ? Duration(25s) : Duration(1s)));
}

/// The log grows, perhaps beyond the checkpoint, before a relay looks at it again.
void World::go_on_without_relays() {
  while (!relays_.empty()) kill(0);
  for (std::uint64_t i = environment_.random.between(1, 20); i > 0; --i) services_.act();
}

/// A later release took over, wrote a checkpoint with other fields or in another format, and was
/// rolled back. An old format with more fields must be read; another format must be refused.
void World::visit_of_a_later_release(const std::string& fields, int format) {
  environment_.trace.note("operator", fmt::format("tries a later release, format {}", format));
  while (!relays_.empty()) kill(0);
  const std::string identity = kIdentity;
  for (const char* producer : {"/1", "/2"}) kafka_.fence(identity + producer);
  run_for(6s);
  const KafkaCluster::Tail tail = kafka_.read_committed(identity, identity);
  const std::string* newest = nullptr;
  std::uint64_t generation = 0;
  for (const std::string& record : tail.records) {
    const auto of_record = nlohmann::json::parse(record).value("generation", std::uint64_t{0});
    if (newest != nullptr && of_record < generation) continue;
    newest = &record;
    generation = of_record;
  }
  if (newest != nullptr && tail.is_complete && kafka_.is_up()) {
    std::string written = *newest;
    constexpr std::string_view kFormat = R"("format":1)";
    written.replace(written.find(kFormat), kFormat.size(), fmt::format(R"("format":{})", format));
    written.insert(1, fields);
    const StoredRecord record{.key = identity, .value = written, .event = {}};
    static_cast<void>(kafka_.append("", 0, {}, {.topic = identity, .partition = 0}, {record}));
    must_halt_ = must_halt_ || format != 1;
  }
  start_relay(next_relay_++);
}

/// A copy of the configuration beside another database: it must refuse before it fences anyone.
void World::visit_of_another_cluster() {
  environment_.trace.note("operator", "starts a relay of another cluster");
  PostgresShape shape;
  shape.system_id = kAnotherSystem;
  shape.tables.push_back({.name = "audit"});
  PostgresServer another(environment_, shape);
  const RelayOptions options = relay_options(next_relay_++);
  another.set_up(options.source);
  Relay visitor(environment_, another, kafka_, weather_.client, options);
  const bool found_checkpoint =
      !kafka_.read_committed(options.sink.identity, options.sink.identity).records.empty();
  // Whoever is first has the name.
  may_halt_ = may_halt_ || !found_checkpoint;
  const TimePoint until = environment_.clock.steady + 5s;
  while (environment_.clock.steady < until && !oracle_.violation()) {
    another.step();
    if (visitor.is_due()) visitor.step();
    run_for(1ms);
  }
  if (found_checkpoint && visitor.fences() > 0) {
    oracle_.violated("a relay of another cluster fenced this one");
  }
}

}  // namespace outrider::simulation
