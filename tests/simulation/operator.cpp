// What operators do to a running system; part of the world.
#include "tests/simulation/world.h"

namespace outrider::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kAnotherSystem = 7'000'000'000'000'000'099;

}  // namespace

// Acts that lose events or break what a relay relies on: it must refuse to go on, or, where nothing
// was lost, may go on.
void World::operate() {
  Random& random = environment_.random;
  const std::string checkpoints = relay_options(0).sink.identity;
  // Without a checkpoint a used slot is adopted as it is; and of two such acts the second may hide
  // what the first one did.
  if (was_operated_ || kafka_.read_committed(checkpoints, checkpoints).records.empty()) return;
  const auto gap = [&](const char* act) {
    environment_.trace.note("operator", act);
    may_halt_ = true;
    was_operated_ = true;
  };
  switch (random.below(15)) {
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
      if (!snapshot_) snapshot_ = postgres_.snapshot();
      gap("restores a snapshot");
      postgres_.restore(*snapshot_);
      services_.tell_history();
      break;
    case 9:
      environment_.trace.note("operator", "fails over, nothing is lost");
      postgres_.fail_over(false);
      services_.tell_history();
      break;
    case 10:
      gap("fails over, the end of the log is lost");
      postgres_.fail_over(true);
      services_.tell_history();
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
  }
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
