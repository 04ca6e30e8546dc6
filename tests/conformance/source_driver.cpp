#include "tests/conformance/source_driver.h"

#include "tests/conformance/source_suite.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace outrider::conformance {
namespace {

std::string payload_of(const RowInserted& row) {
  const auto& columns = row.table->columns;
  const auto column = std::ranges::find(columns, kPayloadColumn);
  if (column == columns.end() || row.values.size() != columns.size()) {
    throw std::runtime_error("a row does not fit its table");
  }
  return std::string(row.values[static_cast<std::size_t>(column - columns.begin())].data);
}

}  // namespace

std::string text_of(const Event& event) {
  if (const auto* row = std::get_if<RowInserted>(&event.what)) return payload_of(*row);
  if (std::holds_alternative<Committed>(event.what)) return kCommit;
  if (std::holds_alternative<Idle>(event.what)) return kIdle;
  if (std::holds_alternative<Nothing>(event.what)) return {};
  return kOther;
}

std::vector<std::string> texts_of(const std::vector<Said>& said) {
  std::vector<std::string> texts;
  for (const Said& each : said) {
    if (each.text != kIdle) texts.push_back(each.text);
  }
  return texts;
}

Found found_at(const Position& position) {
  return {.keeps_checkpoints = true, .checkpoint = Checkpoint{.position = position}};
}

void SourceDriver::acquire_until(Source::Standing standing) {
  run_until(
      "the source is acquired", kPatience,
      [&] { return value_of(source_.acquire(read_clocks().steady)) == standing; },
      [&] { return source_.wake(Source::Reading::Yes); });
}

Source::Plan SourceDriver::begin(const Found& found) {
  const TimePoint deadline = read_clocks().steady + kPatience;
  while (true) {
    try {
      return begin_once(found, deadline);
    } catch (const Failed& failed) {
      // A server needs a moment to notice that the owner before is gone.
      if (failed.error.kind != ErrorKind::Unavailable || read_clocks().steady >= deadline) throw;
      source_.release();
    }
  }
}

Source::Plan SourceDriver::begin_once(const Found& found, TimePoint deadline) {
  acquire();
  if (found.checkpoint) value_of(source_.admit(found.checkpoint->position));
  const Source::Plan plan = value_of(this->plan(found));
  run_until(
      "the source starts", deadline - read_clocks().steady,
      [&] { return value_of(source_.start(plan.from, read_clocks().steady)); },
      [&] { return source_.wake(Source::Reading::Yes); });
  return plan;
}

Result<Source::Plan> SourceDriver::plan(const Found& found) {
  Result<std::optional<Source::Plan>> plan = std::nullopt;
  run_until(
      "the source plans", kPatience,
      [&] {
        plan = source_.plan(found, read_clocks().steady);
        return !plan || *plan;
      },
      [&] { return source_.wake(Source::Reading::Yes); });
  if (!plan) return std::unexpected(plan.error());
  return **plan;
}

std::optional<Said> SourceDriver::read_one() {
  value_of(source_.tick(read_clocks()));
  while (const Event* event = value_of(source_.next())) {
    std::string text = text_of(*event);
    if (text.empty()) continue;
    return Said{.text = std::move(text),
                .id = event->id,
                .committed_at = event->committed_at,
                .before = source_.position(Source::Edge::Before),
                .after = source_.position(Source::Edge::After)};
  }
  return std::nullopt;
}

std::vector<Said> SourceDriver::read_until(const std::string& what,
                                           const std::function<bool(const Said&)>& is_last) {
  std::vector<Said> all;
  run_until(
      what, kPatience,
      [&] {
        while (std::optional<Said> said = read_one()) {
          all.push_back(*std::move(said));
          if (is_last(all.back())) return true;
        }
        return false;
      },
      [&] { return source_.wake(Source::Reading::Yes); });
  return all;
}

std::vector<Said> SourceDriver::read_through(const std::string& payload) {
  bool is_there = false;
  return read_until("\"" + payload + "\" is said", [&](const Said& said) {
    is_there = is_there || said.text == payload;
    return is_there && said.text == kCommit;
  });
}

void SourceDriver::tick_until(const std::string& what, const std::function<bool()>& condition) {
  run_until(
      what, kPatience,
      [&] {
        value_of(source_.tick(read_clocks()));
        while (value_of(source_.next()) != nullptr) {
        }
        return condition();
      },
      [&] { return source_.wake(Source::Reading::Yes); });
}

Error SourceDriver::read_until_failure() {
  try {
    read_until("the source fails", [](const Said&) { return false; });
  } catch (const Failed& failed) {
    return failed.error;
  }
  std::unreachable();
}

}  // namespace outrider::conformance
