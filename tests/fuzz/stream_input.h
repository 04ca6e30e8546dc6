// How a fuzz input holds a whole stream; read by postgres_stream_fuzz.cpp, written by
// write_corpus.cpp.
#pragma once

#include "connectors/postgres/byte_reader.h"
#include "connectors/postgres/position.h"
#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outrider::fuzz {

struct StreamStart {
  postgres::PostgresPosition from;
  postgres::Lsn confirmed_flush;
};

/// Big-endian: confirmed_flush, end_lsn, last (end_lsn, xid, commit_time_us), partial (final_lsn,
/// xid, events_done); then each payload with its length in two bytes. A last payload that is too
/// short for its length is taken as it is.
class StreamInput {
 public:
  explicit StreamInput(std::string_view bytes) : reader_(bytes) {
    start_.confirmed_flush = lsn();
    start_.from.end_lsn = lsn();
    start_.from.last.end_lsn = lsn();
    start_.from.last.xid = reader_.number<std::uint32_t>();
    start_.from.last.commit_time_us = reader_.signed_number<std::int64_t>();
    start_.from.partial.final_lsn = lsn();
    start_.from.partial.xid = reader_.number<std::uint32_t>();
    start_.from.partial.events_done = reader_.number<std::uint64_t>();
  }

  const StreamStart& start() const { return start_; }

  std::optional<std::string_view> next() {
    const std::size_t size = reader_.number<std::uint16_t>();
    if (!reader_.ok()) return std::nullopt;
    return reader_.take(std::min(size, reader_.remaining()));
  }

 private:
  postgres::Lsn lsn() { return {reader_.number<std::uint64_t>()}; }

  postgres::ByteReader reader_;
  StreamStart start_;
};

inline std::string write_stream(const StreamStart& start, std::span<const std::string> payloads) {
  testing::PgoutputWriter writer;
  const postgres::PostgresPosition& from = start.from;
  writer.lsn(start.confirmed_flush).lsn(from.end_lsn);
  writer.lsn(from.last.end_lsn).number(from.last.xid).number(from.last.commit_time_us);
  writer.lsn(from.partial.final_lsn).number(from.partial.xid).number(from.partial.events_done);
  for (const std::string& payload : payloads) {
    writer.number(static_cast<std::uint16_t>(payload.size())).raw(payload);
  }
  return writer.bytes();
}

}  // namespace outrider::fuzz
