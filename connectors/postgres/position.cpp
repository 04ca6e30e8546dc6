#include "connectors/postgres/position.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

namespace outrider::postgres {
namespace {

// The one list of what is packed, for both ways.
template <typename AnyPosition, typename Act>
constexpr void for_each_field(AnyPosition& position, Act act) {
  act(position.system_id);
  act(position.timeline);
  act(position.database);
  act(position.slot);
  act(position.end_lsn);
  act(position.partial.final_lsn);
  act(position.partial.xid);
  act(position.partial.events_done);
  act(position.last.end_lsn);
  act(position.last.xid);
  act(position.last.commit_time_us);
  act(position.publication_digest);
}

consteval std::size_t packed_bytes() {
  std::size_t sum = 0;
  PostgresPosition position;
  for_each_field(position, [&](const auto& field) { sum += sizeof(field); });
  return sum;
}

static_assert(packed_bytes() <= Position::kBytesMax);

}  // namespace

Result<Identifier> Identifier::from(std::string_view name) {
  if (name.size() > kBytesMax || name.find('\0') != std::string_view::npos) {
    return failure(ErrorKind::Refused,
                   fmt::format("a name of {} bytes is none that Postgres can have", name.size()));
  }
  Identifier identifier;
  std::memcpy(identifier.bytes_.data(), name.data(), name.size());
  return identifier;
}

Position PostgresPosition::pack() const {
  std::array<std::byte, packed_bytes()> bytes;
  std::size_t size = 0;
  for_each_field(*this, [&](const auto& field) {
    // Positions are compared by their bytes.
    static_assert(std::has_unique_object_representations_v<std::remove_cvref_t<decltype(field)>>);
    std::memcpy(bytes.data() + size, &field, sizeof(field));
    size += sizeof(field);
  });
  return Position(bytes);
}

Result<PostgresPosition> PostgresPosition::unpack(const Position& position) {
  const std::span<const std::byte> bytes = position.bytes();
  if (bytes.size() != packed_bytes()) {
    return failure(
        ErrorKind::Refused,
        fmt::format("a position of {} bytes was not made by a Postgres source", bytes.size()));
  }
  PostgresPosition unpacked;
  std::size_t size = 0;
  for_each_field(unpacked, [&](auto& field) {
    std::memcpy(&field, bytes.data() + size, sizeof(field));
    size += sizeof(field);
  });
  return unpacked;
}

}  // namespace outrider::postgres
