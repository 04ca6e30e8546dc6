#include "tests/lab/huge.h"

#include "tests/lab/numbered_rows.h"
#include "tests/lab/progress.h"
#include "tests/lab/stage.h"
#include "tests/support/kafka_consumer.h"
#include "tests/support/sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDatabase = "huge";
constexpr auto kPatience = 1h;

/// One process of the relay.
struct Part {
  double published = 0;
  double seconds = 0;  ///< From its start to its last row.
  std::size_t peak_rss_bytes = 0;
};

/// Starts the relay and waits until `is_done` says so of the rows that this process published.
Part run_until(RelayProcess& relay, const std::function<bool(double)>& is_done) {
  Progress progress;
  Part part;
  bool done = false;
  const auto begin = std::chrono::steady_clock::now();
  relay.start();
  eventually(kPatience, [&] {
    eventually(200ms, [&] { return !relay.is_running(); });
    if (!relay.is_running()) return true;
    part.peak_rss_bytes = std::max(part.peak_rss_bytes, relay.process().figures().peak_rss_bytes);
    const double published =
        std::fmax(part.published, relay.metric("outrider_events_published_total", kDatabase));
    if (std::exchange(part.published, published) != published) {
      part.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    progress.show(
        fmt::format("published {:.0f}, peak RSS {} MB", published, part.peak_rss_bytes >> 20));
    return done = is_done(published);
  });
  if (!done) throw std::runtime_error("the relay does not go on:\n" + relay.log());
  return part;
}

std::string text_of(const Part& part) {
  return fmt::format("{:.0f} rows at {:.1f} k rows/s, peak RSS {:.1f} MB", part.published,
                     part.published / part.seconds / 1000,
                     static_cast<double>(part.peak_rss_bytes) / (1 << 20));
}

bool is_confirmed(Sql& sql, const std::string& end) {
  return sql.value(fmt::format("select confirmed_flush_lsn >= '{}' from pg_replication_slots "
                               "where slot_name = '{}'",
                               end, Stage::slot_of(kDatabase))) == "t";
}

/// Throws if not each row is there once and in order.
void check_topic(const Stage& stage, std::uint64_t rows) {
  NumberedRows numbered(rows);
  read_topic(stage.kafka().bootstrap(), std::string("outbox.event.") + kDatabase,
             [&](const Delivered& record) { numbered.note(record); });
  numbered.require_exact();
}

}  // namespace

int run_huge(const HugeOptions& options) {
  Stage stage;
  const std::unique_ptr<RelayProcess> relay = stage.add_relay(kDatabase, "exactly_once");
  say(fmt::format("writing {} rows in one transaction", options.rows));
  Sql sql(stage.postgres().dsn(kDatabase));
  sql.run(insert_numbered_rows(kDatabase, "jsonb", "1", std::to_string(options.rows)));
  const std::string end = sql.value("select pg_current_wal_lsn()");

  say("the relay publishes half of it");
  const double half = static_cast<double>(options.rows) / 2;
  const Part first = run_until(*relay, [&](double published) { return published >= half; });
  relay->kill_hard();
  say("it was killed and goes on");
  const Part second = run_until(*relay, [&](double) { return is_confirmed(sql, end); });
  relay->stop();
  say("reading the topic");
  check_topic(stage, options.rows);
  fmt::print("until kill -9: {}\nafter it:      {}\n", text_of(first), text_of(second));
  fmt::print("bench huge: {} rows in one transaction, 0 lost, 0 duplicated, 0 out of order\n",
             options.rows);
  return 0;
}

}  // namespace outrider::testing
