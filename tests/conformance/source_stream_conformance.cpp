// What every source promises of its stream: order, positions, views, and when it wakes us.
#include "tests/conformance/source_driver.h"
#include "tests/conformance/source_suite.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace outrider::conformance {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

constexpr std::size_t kJsonBytesMax = 1000;

std::vector<std::string> after(const std::vector<std::string>& all, std::size_t done) {
  return {all.begin() + static_cast<std::ptrdiff_t>(done), all.end()};
}

std::vector<Position> all_positions(const std::vector<Said>& said) {
  std::vector<Position> positions;
  for (const Said& each : said) {
    positions.push_back(each.before);
    positions.push_back(each.after);
  }
  return positions;
}

/// Three transactions of one, three and two rows.
void commit_some(SourceUnderTest& under_test) {
  under_test.commit({"a1"});
  under_test.commit({"b1", "b2", "b3"});
  under_test.commit({"c1", "c2"});
}

const std::vector<std::string> kSome = {"a1",    kCommit, "b1", "b2",   "b3",
                                        kCommit, "c1",    "c2", kCommit};

TEST_P(SourceConformance, EventsComeInCommitOrderWithRisingIds) {
  SourceDriver driver(under_test_->source());
  under_test_->commit({"before the start"});
  driver.begin();
  commit_some(*under_test_);
  under_test_->commit({"after"});
  std::vector<Said> said = driver.read_through("after");
  std::vector<std::string> expected = {"before the start", kCommit};
  expected.insert(expected.end(), kSome.begin(), kSome.end());
  expected.insert(expected.end(), {"after", kCommit});
  EXPECT_THAT(texts_of(said), ElementsAreArray(expected));
  std::erase_if(said, [](const Said& each) { return each.text == kIdle; });
  for (std::size_t i = 1; i < said.size(); ++i) {
    EXPECT_LT(said[i - 1].id, said[i].id) << said[i].text;
    EXPECT_LE(said[i - 1].committed_at, said[i].committed_at) << said[i].text;
    const bool is_same = said[i - 1].text != kCommit;
    EXPECT_EQ(said[i - 1].id.transaction == said[i].id.transaction, is_same) << said[i].text;
  }
}

TEST_P(SourceConformance, TheSameEventHasTheSameIdAfterAResumption) {
  SourceDriver driver(under_test_->source());
  commit_some(*under_test_);
  const Position start = driver.begin().from;
  const std::vector<Said> first = driver.read_through("c2");
  under_test_->source().release();
  driver.begin(found_at(first.front().before));
  for (const Said& again : driver.read_through("c2")) {
    if (again.text == kIdle) continue;
    const auto same = std::ranges::find(first, again.id, &Said::id);
    ASSERT_NE(same, first.end()) << again.text;
    EXPECT_EQ(same->text, again.text);
  }
  EXPECT_EQ(start, first.front().before);
}

TEST_P(SourceConformance, ResumingFromAnyPositionRepeatsNothingBeforeItAndLeavesOutNothingAfterIt) {
  SourceDriver driver(under_test_->source());
  commit_some(*under_test_);
  driver.begin();
  const std::vector<Said> said = driver.read_through("c2");
  under_test_->commit({"end"});
  std::vector<std::string> rest = kSome;
  rest.insert(rest.end(), {"end", kCommit});
  std::size_t done = 0;
  for (const Said& each : said) {
    for (const Source::Edge edge : {Source::Edge::Before, Source::Edge::After}) {
      const bool is_after = edge == Source::Edge::After;
      if (is_after && each.text != kIdle) ++done;
      under_test_->source().release();
      driver.begin(found_at(is_after ? each.after : each.before));
      EXPECT_THAT(texts_of(driver.read_through("end")), ElementsAreArray(after(rest, done)))
          << (is_after ? "after " : "before ") << each.text << ", number " << done;
    }
  }
  EXPECT_EQ(done, kSome.size());
}

TEST_P(SourceConformance, ALargeTransactionResumesInItsMiddle) {
  SourceDriver driver(under_test_->source());
  std::vector<std::string> rows;
  for (int i = 0; i < 5000; ++i) rows.push_back("row " + std::to_string(i));
  under_test_->commit(rows);
  driver.begin();
  const std::vector<Said> said = driver.read_until(
      "half of it is said", [](const Said& each) { return each.text == "row 2499"; });
  under_test_->source().release();
  driver.begin(found_at(said.back().after));
  std::vector<std::string> rest = after(rows, 2500);
  rest.push_back(kCommit);
  EXPECT_THAT(texts_of(driver.read_through("row 4999")), ElementsAreArray(rest));
}

TEST_P(SourceConformance, PositionsStayWhileNothingIsRead) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  const Position start = driver.begin().from;
  EXPECT_EQ(source.position(Source::Edge::After), start);
  commit_some(*under_test_);
  for (const Said& each : driver.read_until("b2 is said", [&](const Said& said) {
         value_of(source.tick(read_clocks()));
         EXPECT_EQ(source.position(Source::Edge::Before), said.before) << said.text;
         EXPECT_EQ(source.position(Source::Edge::After), said.after) << said.text;
         return said.text == "b2";
       })) {
    EXPECT_FALSE(each.text != kIdle && each.before == each.after) << each.text;
  }
}

TEST_P(SourceConformance, ThePositionAfterTheLastEventStaysWhenNothingIsReady) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin();
  commit_some(*under_test_);
  const Position last = driver.read_through("c2").back().after;
  EXPECT_EQ(source.position(Source::Edge::After), last);
  std::optional<Said> more;
  while (std::optional<Said> said = driver.read_one()) more = said;
  EXPECT_EQ(source.position(Source::Edge::After), more ? more->after : last);
}

TEST_P(SourceConformance, EveryPositionSurvivesItsJson) {
  SourceDriver driver(under_test_->source());
  const PositionFormat& format = under_test_->source().position_format();
  commit_some(*under_test_);
  std::vector<Position> positions = {driver.begin().from};
  for (const Position& each : all_positions(driver.read_through("c2"))) positions.push_back(each);
  for (const Position& position : positions) {
    const std::string json = format.to_json(position);
    EXPECT_TRUE(json.starts_with('{') && json.ends_with('}')) << json;
    EXPECT_LT(json.size(), kJsonBytesMax) << json;
    EXPECT_TRUE(std::ranges::all_of(json, [](char c) { return c >= ' ' && c <= '~'; })) << json;
    const Result<Position> read = format.from_json(json);
    ASSERT_TRUE(read) << json << ": " << read.error().what;
    EXPECT_EQ(*read, position) << json;
  }
}

TEST_P(SourceConformance, JsonThatIsNoPositionIsRefused) {
  SourceDriver driver(under_test_->source());
  const PositionFormat& format = under_test_->source().position_format();
  const std::string json = format.to_json(driver.begin().from);
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"), std::string("7"),
        std::string("\xff\x00{", 3), json.substr(0, json.size() - 1), json + "}"}) {
    const Result<Position> read = format.from_json(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::Refused) << text;
  }
}

TEST_P(SourceConformance, ViewsLiveUntilTheNextCallOfNext) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  const Position start = driver.begin().from;
  const std::string payload(3000, 'x');
  under_test_->commit({payload, "more", "even more"});
  const Event* event = nullptr;
  run_until(
      "the row is said", kPatience,
      [&] {
        while ((event = value_of(source.next())) != nullptr) {
          if (std::holds_alternative<RowInserted>(event->what)) return true;
        }
        value_of(source.tick(read_clocks()));
        return false;
      },
      [&] { return source.wake(Source::Reading::Yes); });
  const auto& row = std::get<RowInserted>(event->what);
  const Table* const table = row.table;
  const auto values = row.values;
  const std::vector<std::string> columns = table->columns;
  const std::uint64_t version = table->version;
  value_of(source.confirm(start));
  value_of(source.tick(read_clocks()));
  static_cast<void>(source.wake(Source::Reading::Yes));
  static_cast<void>(source.position(Source::Edge::Before));
  static_cast<void>(source.take_notices());
  EXPECT_EQ(text_of(*event), payload);
  EXPECT_EQ(table->columns, columns);
  EXPECT_EQ(table->version, version);
  EXPECT_EQ(values.size(), columns.size());
  EXPECT_EQ(texts_of(driver.read_through("even more")),
            (std::vector<std::string>{"more", "even more", kCommit}));
}

TEST_P(SourceConformance, WhatIsNothingToUsStillMovesThePosition) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  const Position start = driver.begin().from;
  under_test_->write_for_others();
  if (!under_test_->has_others_in_log()) {
    EXPECT_FALSE(driver.read_one().has_value());
    EXPECT_EQ(source.position(Source::Edge::After), start);
    return;
  }
  const std::vector<Said> said = driver.read_until(
      "an idle position comes", [&](const Said& each) { return each.text == kIdle; });
  EXPECT_NE(said.back().after, start);
  under_test_->commit({"next"});
  source.release();
  driver.begin(found_at(said.back().after));
  EXPECT_THAT(texts_of(driver.read_through("next")), ElementsAre("next", kCommit));
}

TEST_P(SourceConformance, WithoutRoomTheStreamIsNotWaitedFor) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin();
  under_test_->commit({"first"});
  driver.read_through("first");
  while (driver.read_one()) {
  }
  under_test_->commit({"second"});
  const auto stream_is_ready = [&] {
    const Wake wake = source.wake(Source::Reading::Yes);
    if (wake.descriptors().empty() || is_ready(wake)) return true;
    value_of(source.tick(read_clocks()));
    return false;
  };
  run_until("the stream is ready", kPatience, stream_is_ready,
            [&] { return source.wake(Source::Reading::Yes); });
  EXPECT_FALSE(is_ready(source.wake(Source::Reading::No)));
  value_of(source.tick(read_clocks()));
  EXPECT_FALSE(is_ready(source.wake(Source::Reading::No))) << "after a tick";
  EXPECT_THAT(texts_of(driver.read_through("second")), ElementsAre("second", kCommit));
}

TEST_P(SourceConformance, SleepsWhileNothingHappens) {
  Source& source = under_test_->source();
  SourceDriver driver(source);
  driver.begin();
  under_test_->commit({"last"});
  driver.read_through("last");
  const int wakes = count_wakes(
      300ms,
      [&] {
        while (driver.read_one()) {
        }
      },
      [&] { return source.wake(Source::Reading::Yes); });
  EXPECT_LE(wakes, 30);
}

}  // namespace
}  // namespace outrider::conformance
