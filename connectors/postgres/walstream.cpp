#include "connectors/postgres/walstream.h"

#include "connectors/postgres/byte_reader.h"
#include "connectors/postgres/postgres_time.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>

namespace outrider::postgres {
namespace {

Lsn read_lsn(ByteReader& reader) { return Lsn{reader.number<std::uint64_t>()}; }

// The server's clock only serves to show lag, so a time out of range is no reason to stop.
WallTime read_time(ByteReader& reader) {
  return wall_time(reader.signed_number<std::int64_t>()).value_or(WallTime::max());
}

std::unexpected<Error> malformed(std::string_view wrong, const ByteReader& reader,
                                 std::string_view message) {
  return failure(ErrorKind::Refused, fmt::format("replication stream: {} at byte {} of {}", wrong,
                                                 reader.offset(), message));
}

Result<CopyData> decode_xlog_data(ByteReader& reader) {
  XLogData data;
  data.start = read_lsn(reader);
  data.wal_end = read_lsn(reader);
  data.sent = read_time(reader);
  if (!reader.ok()) return malformed("unexpected end", reader, "XLogData");
  data.payload = reader.rest();
  return data;
}

Result<CopyData> decode_keepalive(ByteReader& reader) {
  Keepalive keepalive;
  keepalive.wal_end = read_lsn(reader);
  keepalive.sent = read_time(reader);
  keepalive.reply_requested = reader.number<std::uint8_t>() != 0;
  if (!reader.ok()) return malformed("unexpected end", reader, "a keepalive");
  if (reader.remaining() > 0) return malformed("bytes too many", reader, "a keepalive");
  return keepalive;
}

}  // namespace

Result<CopyData> decode_copy_data(std::string_view bytes) {
  ByteReader reader(bytes);
  const char tag = reader.character();
  if (!reader.ok()) return malformed("unexpected end", reader, "an empty message");
  if (tag == 'w') return decode_xlog_data(reader);
  if (tag == 'k') return decode_keepalive(reader);
  return failure(ErrorKind::Refused,
                 fmt::format("replication stream: unknown message 0x{:02X}",
                             static_cast<unsigned>(static_cast<unsigned char>(tag))));
}

std::array<char, kStatusUpdateBytes> encode(const StatusUpdate& update) {
  std::array<char, kStatusUpdateBytes> bytes;
  std::size_t size = 0;
  const auto append = [&](std::uint64_t value) {
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    std::memcpy(bytes.data() + size, &value, sizeof(value));
    size += sizeof(value);
  };
  bytes[size++] = 'r';
  append(update.write.value);
  append(update.flush.value);
  append(update.apply.value);
  append(static_cast<std::uint64_t>(since_2000(update.sent)));
  bytes[size] = update.reply_requested ? 1 : 0;
  return bytes;
}

}  // namespace outrider::postgres
