#include "tests/support/outbox_load.h"

#include "tests/support/sql.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kRowsMax = 4;
constexpr auto kReconnectInterval = 100ms;

std::string event_statement(const std::string& aggregatetype, int key, std::uint64_t transaction,
                            int rows) {
  const std::string name = "key-" + std::to_string(key);
  return "with raised as (update load_counter set n = n + 1 where key = '" + name +
         "' returning n) insert into outbox (id, aggregatetype, aggregateid, type, payload) "
         "select gen_random_uuid(), '" +
         aggregatetype + "', '" + name +
         "', 'load', "
         "jsonb_build_object('counter', n, 'transaction', " +
         std::to_string(transaction) + ", 'rows', " + std::to_string(rows) + ") from raised; ";
}

}  // namespace

OutboxLoad::OutboxLoad(Options options) : options_(std::move(options)), working_(options_.clients) {
  Sql(options_.dsn)
      .run(
          "create table if not exists load_counter (key text primary key, n bigint not null); "
          "insert into load_counter select 'key-' || i, 0 from generate_series(0, " +
          std::to_string(options_.keys - 1) + ") i on conflict do nothing");
  for (int client = 0; client < options_.clients; ++client) {
    clients_.emplace_back([this, client] {
      work(client);
      --working_;
    });
  }
}

OutboxLoad::~OutboxLoad() { stopping_ = true; }

void OutboxLoad::finish() {
  for (std::jthread& client : clients_) {
    if (client.joinable()) client.join();
  }
}

void OutboxLoad::keep_pace() const {
  if (options_.events_per_second <= 0) return;
  const std::chrono::duration<double> due(static_cast<double>(committed_) /
                                          options_.events_per_second);
  std::this_thread::sleep_until(
      begin_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
}

void OutboxLoad::stop() {
  stopping_ = true;
  finish();
}

void OutboxLoad::work(int client) {
  std::minstd_rand random(static_cast<unsigned>(client) + 1);
  std::optional<Sql> sql;
  while (!stopping_ && committed_ < options_.events) {
    keep_pace();
    const std::uint64_t transaction = next_transaction_++;
    const int rows = 1 + static_cast<int>(random() % kRowsMax);
    // In one order for all, so that two transactions never wait for each other.
    std::set<int> keys;
    while (keys.size() < static_cast<std::size_t>(rows)) {
      keys.insert(static_cast<int>(random() % static_cast<unsigned>(options_.keys)));
    }
    std::string statements = "begin; ";
    for (const int key : keys) {
      statements += event_statement(options_.aggregatetype, key, transaction, rows);
    }
    if (random() % 8 == 0) {
      statements += "savepoint undone; " +
                    event_statement(options_.aggregatetype, *keys.begin(), transaction, rows) +
                    "rollback to undone; ";
    }
    const bool commits = random() % 10 != 0;
    try {
      if (!sql) sql.emplace(options_.dsn);
      sql->run(statements + (commits ? "commit" : "rollback"));
    } catch (const std::runtime_error&) {
      // The server went away; whether this transaction is committed, the table will tell.
      sql.reset();
      std::this_thread::sleep_for(kReconnectInterval);
      continue;
    }
    if (!commits) continue;
    committed_ += static_cast<std::uint64_t>(rows);
  }
}

std::string Verdict::text() const {
  std::string text = std::to_string(committed) + " committed, " + std::to_string(delivered) +
                     " delivered, " + std::to_string(lost) + " lost, " +
                     std::to_string(duplicated) + " duplicated, " + std::to_string(out_of_order) +
                     " out of order";
  if (never_committed > 0) text += ", " + std::to_string(never_committed) + " never committed";
  if (torn > 0) text += ", " + std::to_string(torn) + " transactions torn";
  return text;
}

Verdict& Verdict::operator+=(const Verdict& other) {
  committed += other.committed;
  delivered += other.delivered;
  lost += other.lost;
  duplicated += other.duplicated;
  out_of_order += other.out_of_order;
  never_committed += other.never_committed;
  torn += other.torn;
  return *this;
}

Verdict judge(const std::string& dsn, const std::string& aggregatetype,
              const std::vector<Delivered>& delivered, const std::string& counter) {
  std::unordered_set<std::string> committed;
  for (const auto& row :
       Sql(dsn).rows("select id from outbox where aggregatetype = '" + aggregatetype + "'")) {
    committed.insert(row[0]);
  }
  Verdict verdict{.committed = committed.size()};
  std::unordered_set<std::string> seen;
  std::unordered_map<std::string, std::int64_t> counters;
  for (const Delivered& record : delivered) {
    const std::string id = record.header("id");
    if (!committed.contains(id)) {
      ++verdict.never_committed;
      continue;
    }
    if (!seen.insert(id).second) {
      ++verdict.duplicated;
      continue;
    }
    const auto count =
        nlohmann::json::parse(record.value.value_or("{}")).value(counter, std::int64_t{0});
    if (count <= std::exchange(counters[record.key], count)) ++verdict.out_of_order;
  }
  verdict.delivered = seen.size();
  verdict.lost = committed.size() - seen.size();
  verdict.torn = count_torn(delivered);
  return verdict;
}

std::uint64_t count_torn(const std::vector<Delivered>& delivered) {
  std::unordered_map<std::uint64_t, std::pair<std::uint64_t, std::set<std::string>>> transactions;
  for (const Delivered& record : delivered) {
    const nlohmann::json payload = nlohmann::json::parse(record.value.value_or("{}"));
    auto& [rows, ids] = transactions[payload.value("transaction", std::uint64_t{0})];
    rows = payload.value("rows", std::uint64_t{0});
    ids.insert(record.header("id"));
  }
  return static_cast<std::uint64_t>(std::ranges::count_if(transactions, [](const auto& entry) {
    const auto& [rows, ids] = entry.second;
    return rows != 0 && ids.size() != rows;
  }));
}

}  // namespace outrider::testing
