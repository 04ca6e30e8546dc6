// What every source promises to its owner: taking hold and letting go, what is confirmed, and what
// happens when it is lost.
#include "tests/conformance/source_driver.h"
#include "tests/conformance/source_suite.h"

#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace outrider::conformance {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::Eq;

const Found kNoCheckpoint;
const Found kKeepsNone{.keeps_checkpoints = false, .checkpoint = {}};

TEST_P(SourceConformance, ReleaseAndAcquireAgainWorksAsOftenAsOneLikes) {
  SourceDriver driver(under_test_->source());
  Found found = kNoCheckpoint;
  for (int i = 0; i < 10; ++i) {
    const std::string payload = "row " + std::to_string(i);
    driver.begin(found);
    under_test_->commit({payload});
    const std::vector<Said> said = driver.read_through(payload);
    EXPECT_THAT(texts_of(said), ElementsAre(payload, kCommit));
    found = found_at(said.back().after);
    under_test_->source().release();
  }
}

TEST_P(SourceConformance, MayBeReleasedAtAnyMomentOfItsStart) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  under_test_->commit({"row"});
  bool streams = false;
  for (int turns = 0; !streams; ++turns) {
    ASSERT_LT(turns, 1000) << "the source never starts";
    int left = turns;
    // One call more than the time before, then it is let go.
    try {
      std::optional<Position> from;
      bool held = false;
      while (left-- > 0 && !streams) {
        const TimePoint now = read_clocks().steady;
        if (from) {
          streams = value_of(source.start(*from, now));
        } else if (held || value_of(source.acquire(now)) == Source::Standing::Held) {
          held = true;
          if (const auto plan = value_of(source.plan(kNoCheckpoint, now))) {
            from = plan->from;
            continue;
          }
        }
        const Wake wake = source.wake(Source::Reading::Yes);
        if (!streams && can_wake(wake)) sleep(wake, now + kPatience, "the source starts");
      }
    } catch (const Failed& failed) {
      // The server has not noticed yet that the last try was given up.
      ASSERT_EQ(failed.error.kind, ErrorKind::Unavailable) << failed.what();
    }
    source.release();
    source.release();
    EXPECT_FALSE(can_wake(source.wake(Source::Reading::Yes)));
  }
  driver.begin();
  EXPECT_THAT(texts_of(driver.read_through("row")), ElementsAre("row", kCommit));
}

TEST_P(SourceConformance, AfterReleaseNothingIsWaitedForOrSaid) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin();
  under_test_->commit({"first"});
  const Position reached = driver.read_through("first").back().after;
  source.release();
  static_cast<void>(source.take_notices());
  under_test_->commit({"second"});
  for (const Source::Reading reading : {Source::Reading::Yes, Source::Reading::No}) {
    EXPECT_FALSE(can_wake(source.wake(reading)));
  }
  const SourceCounters before = source.counters();
  value_of(source.tick(read_clocks()));
  EXPECT_EQ(source.counters().bytes_received, before.bytes_received);
  EXPECT_EQ(source.counters().received_position, before.received_position);
  EXPECT_TRUE(source.take_notices().empty());
  driver.begin(found_at(reached));
  EXPECT_THAT(texts_of(driver.read_through("second")), ElementsAre("second", kCommit));
}

TEST_P(SourceConformance, StandsByUntilTheOtherInstanceLetsGo) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  under_test_->commit({"row"});
  auto other = under_test_->let_another_own();
  driver.acquire_until(Source::Standing::Standby);
  for (int i = 0; i < 3; ++i) {
    const Wake wake = source.wake(Source::Reading::Yes);
    if (can_wake(wake)) sleep(wake, read_clocks().steady + kPatience, "it looks again");
    ASSERT_NE(value_of(source.acquire(read_clocks().steady)), Source::Standing::Held);
  }
  other.reset();
  driver.begin();
  EXPECT_THAT(texts_of(driver.read_through("row")), ElementsAre("row", kCommit));
}

TEST_P(SourceConformance, AdmitsItsOwnPositionsAndRefusesThoseOfOthers) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  under_test_->commit({"a1", "a2"});
  driver.begin();
  const std::vector<Said> said = driver.read_through("a2");
  source.release();
  driver.acquire();
  for (const Said& each : said) {
    EXPECT_TRUE(source.admit(each.before).has_value()) << each.text;
    EXPECT_TRUE(source.admit(each.after).has_value()) << each.text;
  }
  std::vector<Position> foreign = under_test_->foreign_positions();
  const std::array garbage = {std::byte{1}, std::byte{2}, std::byte{3}};
  foreign.push_back(Position(garbage));
  foreign.push_back(Position());
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    const Result<void> admitted = source.admit(foreign[i]);
    ASSERT_FALSE(admitted) << "foreign position " << i;
    EXPECT_EQ(admitted.error().kind, ErrorKind::Refused) << admitted.error().what;
  }
}

TEST_P(SourceConformance, WithoutACheckpointItAsksForOneFirst) {
  SourceDriver driver(under_test_->source());
  EXPECT_TRUE(driver.begin(kNoCheckpoint).write_checkpoint);
  const Position start = under_test_->source().position(Source::Edge::After);
  under_test_->source().release();
  const Source::Plan plan = driver.begin(found_at(start));
  EXPECT_FALSE(plan.write_checkpoint);
  EXPECT_EQ(plan.from, start);
  under_test_->source().release();
  EXPECT_FALSE(driver.begin(kKeepsNone).write_checkpoint) << "the sink keeps none";
}

TEST_P(SourceConformance, NothingUnconfirmedIsForgotten) {
  SourceDriver driver(under_test_->source());
  driver.begin(kKeepsNone);
  under_test_->commit({"a"});
  under_test_->commit({"b"});
  driver.read_through("b");
  under_test_->source().release();
  driver.begin(kKeepsNone);
  EXPECT_THAT(texts_of(driver.read_through("b")), ElementsAre("a", kCommit, "b", kCommit));
}

TEST_P(SourceConformance, WhatWasConfirmedIsNotSaidAgain) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin(kKeepsNone);
  under_test_->commit({"a"});
  under_test_->commit({"b"});
  const Position a = driver.read_through("a").back().after;
  driver.read_through("b");
  const std::uint64_t before = source.counters().confirmed_position;
  value_of(source.confirm(a));
  driver.tick_until("the confirmation is sent",
                    [&] { return source.counters().confirmed_position > before; });
  source.release();
  driver.begin(kKeepsNone);
  EXPECT_THAT(texts_of(driver.read_through("b")), ElementsAre("b", kCommit));
}

TEST_P(SourceConformance, WhatIsConfirmedNeverGoesBackwards) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin(kKeepsNone);
  under_test_->commit({"a1", "a2"});
  under_test_->commit({"b"});
  std::vector<Position> rising;
  for (const Said& each : driver.read_through("a2")) rising.push_back(each.after);
  for (const Said& each : driver.read_through("b")) rising.push_back(each.after);
  const std::uint64_t start = source.counters().confirmed_position;
  std::uint64_t confirmed = start;
  for (const Position& position : rising) {
    for (int again = 0; again < 2; ++again) {
      value_of(source.confirm(position));
      value_of(source.tick(read_clocks()));
      EXPECT_GE(source.counters().confirmed_position, confirmed);
      confirmed = source.counters().confirmed_position;
    }
  }
  driver.tick_until("the confirmation is sent",
                    [&] { return source.counters().confirmed_position > start; });
}

TEST_P(SourceConformance, RefusesACheckpointFromBeforeWhatWasConfirmed) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin(kNoCheckpoint);
  under_test_->commit({"a"});
  under_test_->commit({"b"});
  const Position a = driver.read_through("a").back().after;
  const Position b = driver.read_through("b").back().after;
  const std::uint64_t before = source.counters().confirmed_position;
  value_of(source.confirm(b));
  driver.tick_until("the confirmation is sent",
                    [&] { return source.counters().confirmed_position > before; });
  source.release();
  driver.acquire();
  const Result<Source::Plan> plan = driver.plan(found_at(a));
  ASSERT_FALSE(plan) << "events between the checkpoint and the confirmation may be gone";
  EXPECT_EQ(plan.error().kind, ErrorKind::Refused) << plan.error().what;
}

/// Reads the first row of two, loses the source, and goes on from there.
void expect_nothing_lost_or_repeated(SourceUnderTest& under_test,
                                     const std::function<void()>& lose) {
  Source& source = under_test.source();
  SourceDriver driver(source);
  driver.begin();
  under_test.commit({"a1", "a2"});
  const Position reached =
      driver.read_until("a1 is said", [](const Said& said) { return said.text == "a1"; })
          .back()
          .after;
  lose();
  const Error error = driver.read_until_failure();
  EXPECT_THAT(error.kind, AnyOf(Eq(ErrorKind::Unavailable), Eq(ErrorKind::Interrupted)))
      << error.what;
  source.release();
  under_test.commit({"b"});
  driver.begin(found_at(reached));
  EXPECT_THAT(texts_of(driver.read_through("b")), ElementsAre("a2", kCommit, "b", kCommit));
}

TEST_P(SourceConformance, ALostStreamIsAnErrorAndLosesOrRepeatsNothing) {
  expect_nothing_lost_or_repeated(*under_test_, [&] { under_test_->break_stream(); });
}

TEST_P(SourceConformance, ALostServerIsAnErrorAndLosesOrRepeatsNothing) {
  expect_nothing_lost_or_repeated(*under_test_, [&] { under_test_->lose_server(); });
}

}  // namespace
}  // namespace outrider::conformance
