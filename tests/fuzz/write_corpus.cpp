// Writes the binary corpora, so that they can be written anew when a form changes: into
// FOLDER/<target>/<what the input holds>. Run as `write_corpus tests/fuzz/corpus`.
#include "tests/fuzz/stream_input.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

namespace {

using namespace outrider;
using namespace outrider::testing;
using outrider::postgres::Lsn;

namespace fs = std::filesystem;

using Corpus = std::map<std::string, std::string>;

constexpr std::uint32_t kOutbox = 16'400;
constexpr std::uint32_t kInt8 = 20, kText = 25, kUuid = 2950, kTimestamptz = 1184, kJsonb = 3802;

const WallTime kNow{std::chrono::seconds(1'700'000'000)};

std::string relation() {
  return relation_message(kOutbox, "public", "outbox",
                          {{"id", kUuid, true}, {"payload", kJsonb}, {"made", kTimestamptz}});
}

std::string row() { return insert_message(kOutbox, {{'t', "7"}, {'t', "{}"}, {'n'}}); }

Corpus pgoutput() {
  const Lsn begin{0x16B3700};
  const Lsn end{0x16B3748};
  return {
      {"begin", begin_message(begin, kNow, 740)},
      {"begin-after-the-last-year",
       PgoutputWriter('B').lsn(begin).number(INT64_MAX).number(1).bytes()},
      {"commit", commit_message(begin, end, kNow)},
      {"commit-cut-in-the-middle", commit_message(begin, end, kNow).substr(0, 9)},
      {"origin", PgoutputWriter('O').lsn(begin).text("upstream").bytes()},
      {"origin-without-the-end-of-its-name", PgoutputWriter('O').lsn(begin).raw("upstr").bytes()},
      {"type-of-an-enum", PgoutputWriter('Y').number(17'000).text("public").text("mood").bytes()},
      {"relation-outbox", relation()},
      {"relation-in-pg_catalog-has-no-schema", relation_message(1, "", "pg_class", {{"oid", 26}})},
      {"relation-without-columns", relation_message(2, "public", "empty", {})},
      {"relation-with-more-columns-than-there-can-be",
       PgoutputWriter('R').number(1).text("a").text("b").character('d').raw("\xFF\xFF").bytes()},
      {"insert-text", row()},
      {"insert-binary", insert_message(kOutbox, {{'b', "0123456789abcdef"}, {'b', "\x01{}"}})},
      {"insert-unchanged-value", insert_message(kOutbox, {{'u'}, {'t', ""}})},
      {"insert-length-beyond-the-end",
       PgoutputWriter('I').number(kOutbox).raw("N").raw({"\0\1t\x7F\xFF\xFF\xFF!", 8}).bytes()},
      {"insert-negative-length",
       PgoutputWriter('I').number(kOutbox).raw("N").raw({"\0\1t\xFF\xFF\xFF\xFF", 7}).bytes()},
      {"insert-unknown-format",
       PgoutputWriter('I').number(kOutbox).raw("N").raw({"\0\1z", 3}).bytes()},
      {"update-without-the-old-row", update_message(kOutbox, 0, {}, {{'t', "7"}, {'u'}})},
      {"update-with-the-old-key", update_message(kOutbox, 'K', {{'t', "7"}}, {{'t', "8"}})},
      {"update-with-the-old-row", update_message(kOutbox, 'O', {{'t', "7"}, {'n'}}, {{'t', "8"}})},
      {"delete-with-the-key", delete_message(kOutbox, 'K', {{'t', "7"}, {'n'}})},
      {"delete-with-the-row", delete_message(kOutbox, 'O', {{'t', "7"}, {'t', "{}"}})},
      {"truncate-two-tables-cascade", truncate_message(1, {kOutbox, kOutbox + 1})},
      {"truncate-restart-identity", truncate_message(2, {kOutbox})},
      {"truncate-more-tables-than-are-there",
       PgoutputWriter('T').number(INT32_MAX).number(std::uint8_t{0}).number(kOutbox).bytes()},
      {"message-transactional", logical_message(true, begin, "outrider", "content")},
      {"message-on-its-own", logical_message(false, begin, "", "")},
      {"stream-abort-of-postgres-18", PgoutputWriter('A').number(740).number(740).bytes()},
      {"stream-start-not-asked-for", PgoutputWriter('S').number(740).raw("\x01").bytes()},
      {"prepare-not-asked-for", PgoutputWriter('P').number(740).bytes()},
      {"unknown-letter", "?"},
  };
}

Corpus walstream() {
  const Lsn place{0x16B3748};
  return {
      {"row", xlog_data(place, Lsn{}, kNow, row())},
      {"relation-has-no-place", xlog_data(Lsn{}, Lsn{}, kNow, relation())},
      {"no-payload", xlog_data(place, place, kNow, "")},
      {"cut-before-the-payload", xlog_data(place, place, kNow, "").substr(0, 20)},
      {"clock-at-infinity",
       PgoutputWriter('w').lsn(place).lsn(place).number(INT64_MAX).raw("B").bytes()},
      {"clock-at-minus-infinity",
       PgoutputWriter('w').lsn(place).lsn(place).number(INT64_MIN).raw("B").bytes()},
      {"keepalive", keepalive(place, kNow, false)},
      {"keepalive-asks-for-a-reply", keepalive(place, kNow, true)},
      {"keepalive-with-an-odd-flag", keepalive(place, kNow, true).substr(0, 17) + "\xFF"},
      {"keepalive-too-long", keepalive(place, kNow, true) + "!"},
      {"keepalive-too-short", keepalive(place, kNow, true).substr(0, 17)},
      {"unknown-letter", "x"},
  };
}

/// Payloads of a stream, in order.
class Stream {
 public:
  Stream& say(const std::string& message) {
    payloads_.push_back(xlog_data(Lsn{}, Lsn{}, kNow, message));
    return *this;
  }
  Stream& begin(std::uint64_t final_lsn, std::uint32_t xid) {
    return say(begin_message(Lsn{final_lsn}, kNow, xid));
  }
  Stream& rows(int count) {
    say(relation());
    for (int i = 0; i < count; ++i) say(row());
    return *this;
  }
  Stream& commit(std::uint64_t final_lsn, std::uint64_t end_lsn) {
    return say(commit_message(Lsn{final_lsn}, Lsn{end_lsn}, kNow));
  }
  Stream& keepalive(std::uint64_t wal_end) {
    payloads_.push_back(outrider::testing::keepalive(Lsn{wal_end}, kNow, true));
    return *this;
  }
  std::string from(const fuzz::StreamStart& start) const { return write_stream(start, payloads_); }

 private:
  std::vector<std::string> payloads_;
};

fuzz::StreamStart at(std::uint64_t end_lsn, std::uint64_t confirmed_flush) {
  fuzz::StreamStart start;
  start.from.end_lsn = Lsn{end_lsn};
  start.confirmed_flush = Lsn{confirmed_flush};
  return start;
}

fuzz::StreamStart after_transaction(std::uint64_t end_lsn, std::uint32_t xid) {
  fuzz::StreamStart start = at(end_lsn, end_lsn - 48);
  start.from.last = {
      .end_lsn = Lsn{end_lsn}, .xid = xid, .commit_time_us = kNow.time_since_epoch().count()};
  return start;
}

fuzz::StreamStart within_transaction(std::uint64_t final_lsn, std::uint64_t events_done) {
  fuzz::StreamStart start = at(100, 100);
  start.from.partial = {.final_lsn = Lsn{final_lsn}, .xid = 7, .events_done = events_done};
  return start;
}

Corpus postgres_stream() {
  const Stream one = Stream().begin(1000, 7).rows(2).commit(1000, 1048);
  const Stream two = Stream(one).begin(2000, 8).rows(1).commit(2000, 2048).keepalive(3000);
  const std::string other_width = relation_message(kOutbox, "public", "outbox", {{"id", kInt8}});
  return {
      {"two-transactions-and-a-keepalive", two.from(at(100, 100))},
      {"what-was-delivered-comes-again", two.from(after_transaction(1048, 7))},
      {"another-transaction-where-one-was-delivered", two.from(after_transaction(1048, 9))},
      {"the-delivered-transaction-is-gone",
       Stream().keepalive(5000).from(after_transaction(1048, 7))},
      {"goes-on-within-a-transaction", two.from(within_transaction(1000, 1))},
      {"the-transaction-delivered-in-part-has-fewer-events", two.from(within_transaction(1000, 5))},
      {"the-transaction-delivered-in-part-is-gone", two.from(within_transaction(900, 1))},
      {"begin-within-a-transaction", Stream().begin(1000, 7).begin(2000, 8).from(at(0, 0))},
      {"commit-without-begin", Stream().commit(1000, 1048).from(at(0, 0))},
      {"row-without-begin", Stream().rows(1).from(at(0, 0))},
      {"row-of-an-undescribed-table", Stream().begin(1000, 7).say(row()).from(at(0, 0))},
      {"row-wider-than-its-table",
       Stream().begin(1000, 7).say(other_width).say(row()).from(at(0, 0))},
      {"table-changes-between-rows",
       Stream()
           .begin(1000, 7)
           .rows(1)
           .say(relation_message(kOutbox, "public", "outbox", {{"payload", kText}}))
           .say(insert_message(kOutbox, {{'t', "new"}}))
           .commit(1000, 1048)
           .from(at(0, 0))},
      {"empty-transaction-of-postgres-14",
       Stream().begin(1000, 7).commit(1000, 1048).from(at(0, 0))},
      {"update-delete-and-truncate",
       Stream()
           .begin(1000, 7)
           .say(update_message(kOutbox, 'K', {{'t', "7"}}, {{'t', "8"}}))
           .say(delete_message(kOutbox, 'K', {{'t', "7"}}))
           .say(truncate_message(0, {kOutbox}))
           .commit(1000, 1048)
           .from(at(0, 0))},
      {"logical-messages-in-and-out-of-a-transaction",
       Stream()
           .say(logical_message(false, Lsn{900}, "p", "outside"))
           .begin(1000, 7)
           .say(logical_message(true, Lsn{950}, "p", "inside"))
           .say(logical_message(false, Lsn{960}, "p", "beside"))
           .commit(1000, 1048)
           .from(at(0, 0))},
      {"stray-stream-abort-of-postgres-18",
       Stream().say(PgoutputWriter('A').number(7).number(7).bytes()).from(at(0, 0))},
      {"keepalives-only", Stream().keepalive(10).keepalive(20).keepalive(15).from(at(0, 0))},
      {"payload-cut-by-the-end", two.from(at(100, 100)).substr(0, 200)},
  };
}

std::string column(std::uint32_t type_oid, char format, std::string_view bytes) {
  return PgoutputWriter()
      .number(type_oid)
      .character(format)
      .number(static_cast<std::uint16_t>(bytes.size()))
      .raw(bytes)
      .bytes();
}

Corpus values() {
  constexpr std::uint32_t kBool = 16, kBytea = 17, kInt2 = 21, kInt4 = 23, kOid = 26;
  constexpr std::uint32_t kTimestamp = 1114, kNumeric = 1700;
  const auto numbers = [](auto number) { return PgoutputWriter().number(number).bytes(); };
  return {
      {"text-in-both-forms", column(kText, 't', "Grüße") + column(kText, 'b', "Grüße")},
      {"null-and-unchanged", column(kText, 'n', "") + column(kText, 'u', "")},
      {"jsonb-with-its-version", column(kJsonb, 'b', "\x01{\"a\": 1}")},
      {"jsonb-of-an-unknown-version", column(kJsonb, 'b', "\x02{}")},
      {"uuid-binary", column(kUuid, 'b', "0123456789abcdef")},
      {"uuid-too-short", column(kUuid, 'b', "0123456789abcde")},
      {"numbers-at-their-limits", column(kInt2, 'b', numbers(std::int16_t{INT16_MIN})) +
                                      column(kInt4, 'b', numbers(std::int32_t{INT32_MIN})) +
                                      column(kInt8, 'b', numbers(std::int64_t{INT64_MIN})) +
                                      column(kOid, 'b', numbers(std::uint32_t{UINT32_MAX}))},
      {"number-too-long", column(kInt4, 'b', "12345")},
      {"bool-in-both-forms", column(kBool, 'b', "\x01") + column(kBool, 't', "f")},
      {"bool-that-is-none", column(kBool, 'b', "") + column(kBool, 't', "true")},
      {"bytea-binary", column(kBytea, 'b', {"\0\xFF", 2})},
      {"bytea-hexadecimal", column(kBytea, 't', "\\x00fFA9")},
      {"bytea-with-half-a-byte", column(kBytea, 't', "\\x00f")},
      {"bytea-larger-than-the-fixed-part",
       column(kBytea, 't', "\\x" + std::string(12'000, '7')) + column(kInt2, 'b', "ab")},
      {"timestamp-binary", column(kTimestamp, 'b', numbers(std::int64_t{752'000'000'000'000}))},
      {"timestamp-infinity", column(kTimestamptz, 'b', numbers(std::int64_t{INT64_MAX})) +
                                 column(kTimestamptz, 't', "infinity")},
      {"timestamp-before-all-others", column(kTimestamptz, 'b', numbers(INT64_MIN + 1))},
      {"timestamptz-text", column(kTimestamptz, 't', "2024-02-29 12:34:56.789+05:30")},
      {"timestamptz-with-seconds-in-its-zone",
       column(kTimestamptz, 't', "1890-01-01 00:00:00-00:53:28")},
      {"timestamp-in-the-year-289999", column(kTimestamp, 't', "289999-12-31 23:59:59.999999")},
      {"timestamp-before-christ", column(kTimestamp, 't', "0044-03-15 12:00:00 BC")},
      {"type-without-a-known-binary-form",
       column(kNumeric, 'b', "12345678") + column(kNumeric, 't', "1.50")},
  };
}

Corpus transaction_log() {
  using namespace std::string_literals;
  const std::string committed = "\0\1\0\0\0\0\0\0\0\7\0\0\0\0\xEA\x60\4\2\7orders\2\0\0\0\1\0"s +
                                std::string(16, '\0') + "\0"s;
  return {
      {"aborted", "\0\0\0\0\0\0\0\0\0\7\0\1\0\0\xEA\x60\5\0\0\0\0"s + std::string(16, '\0')},
      {"committed-with-partitions", committed},
      {"committed-cut-before-the-state", committed.substr(0, 16)},
      {"committed-in-a-later-version", "\0\2"s + committed.substr(2)},
      {"empty", ""},
      {"key-as-value", "\0\0\0\1a"s},
      {"one-byte", "\0"s},
      {"state-unknown", committed.substr(0, 16) + "\xFF"},
  };
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 2;
  }
  const std::map<std::string, Corpus> corpora = {{"pgoutput", pgoutput()},
                                                 {"postgres_stream", postgres_stream()},
                                                 {"transaction_log", transaction_log()},
                                                 {"values", values()},
                                                 {"walstream", walstream()}};
  for (const auto& [target, corpus] : corpora) {
    const fs::path folder = fs::path(arguments[1]) / target;
    fs::create_directories(folder);
    for (const auto& [name, bytes] : corpus) {
      if (!(std::ofstream(folder / name, std::ios::binary) << bytes)) {
        std::fprintf(stderr, "cannot write %s\n", (folder / name).c_str());
        return 1;
      }
    }
  }
  return 0;
}
