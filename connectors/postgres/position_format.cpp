#include "connectors/postgres/position.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <concepts>
#include <limits>
#include <tuple>

namespace outrider::postgres {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kFormat = 1;

std::unexpected<Error> unreadable(std::string_view wrong) {
  return failure(ErrorKind::Refused, fmt::format("read a stored Postgres position: {}", wrong));
}

// Reads the fields of one object; an error names the field with its path.
class Fields {
 public:
  Fields(const Json& object, std::string_view path) : object_(object), path_(path) {}

  Result<std::string_view> text(const char* name) const {
    const auto field = object_.find(name);
    if (field == object_.end() || !field->is_string()) return wrong(name, "a string");
    return std::string_view(field->get_ref<const std::string&>());
  }

  template <std::integral Number>
  Result<Number> number(const char* name) const {
    using Limits = std::numeric_limits<Number>;
    const auto field = object_.find(name);
    if (field != object_.end() && field->is_number_unsigned()) {
      const auto value = field->template get<std::uint64_t>();
      if (value <= static_cast<std::uint64_t>(Limits::max())) return static_cast<Number>(value);
    } else if (field != object_.end() && field->is_number_integer() &&
               std::signed_integral<Number>) {
      const auto value = field->template get<std::int64_t>();
      if (value >= static_cast<std::int64_t>(Limits::min())) return static_cast<Number>(value);
    }
    return wrong(name, "a whole number in range");
  }

  Result<std::uint64_t> number_as_text(const char* name) const {
    OUTRIDER_TRY(const std::string_view digits, text(name));
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || stopped != end) return wrong(name, "a whole number as a string");
    return value;
  }

  Result<Lsn> lsn(const char* name) const {
    OUTRIDER_TRY(const std::string_view written, text(name));
    auto read = parse_lsn(written);
    if (!read) return wrong(name, "a log position such as \"0/16B3748\"");
    return *read;
  }

  Result<Identifier> identifier(const char* name) const {
    OUTRIDER_TRY(const std::string_view written, text(name));
    auto read = Identifier::from(written);
    if (!read) return wrong(name, "a name of at most 63 bytes");
    return *read;
  }

  /// Null if there is no such field.
  Result<const Json*> object(const char* name) const {
    const auto field = object_.find(name);
    if (field == object_.end()) return nullptr;
    if (!field->is_object()) return wrong(name, "an object");
    return &*field;
  }

 private:
  std::unexpected<Error> wrong(const char* name, std::string_view expected) const {
    return unreadable(fmt::format("\"{}{}\" must be {}", path_, name, expected));
  }

  const Json& object_;
  std::string_view path_;
};

Result<PostgresPosition::Partial> read_partial(const Json& object) {
  const Fields fields(object, "partial.");
  PostgresPosition::Partial partial;
  OUTRIDER_TRY(partial.final_lsn, fields.lsn("final_lsn"));
  OUTRIDER_TRY(partial.xid, fields.number<std::uint32_t>("xid"));
  OUTRIDER_TRY(partial.events_done, fields.number<std::uint64_t>("events_done"));
  return partial;
}

Result<PostgresPosition::Fingerprint> read_fingerprint(const Json& object) {
  const Fields fields(object, "last.");
  PostgresPosition::Fingerprint last;
  OUTRIDER_TRY(last.end_lsn, fields.lsn("end_lsn"));
  OUTRIDER_TRY(last.xid, fields.number<std::uint32_t>("xid"));
  OUTRIDER_TRY(last.commit_time_us, fields.number<std::int64_t>("commit_time_us"));
  return last;
}

Result<PostgresPosition> read_position(const Json& object) {
  const Fields fields(object, "");
  OUTRIDER_TRY(const std::uint64_t format, fields.number<std::uint64_t>("format"));
  if (format != kFormat) {
    return failure(ErrorKind::Refused,
                   fmt::format("read a stored Postgres position: format {} is not known", format),
                   "run the release that wrote it, or a later one");
  }
  PostgresPosition position;
  OUTRIDER_TRY(position.system_id, fields.number_as_text("system_id"));
  OUTRIDER_TRY(position.timeline, fields.number<std::uint32_t>("timeline"));
  OUTRIDER_TRY(position.database, fields.identifier("database"));
  OUTRIDER_TRY(position.slot, fields.identifier("slot"));
  OUTRIDER_TRY(position.end_lsn, fields.lsn("end_lsn"));
  OUTRIDER_TRY(position.publication_digest, fields.number_as_text("publication_digest"));
  OUTRIDER_TRY(const Json* partial, fields.object("partial"));
  if (partial != nullptr) {
    OUTRIDER_TRY(position.partial, read_partial(*partial));
  }
  OUTRIDER_TRY(const Json* last, fields.object("last"));
  if (last != nullptr) {
    OUTRIDER_TRY(position.last, read_fingerprint(*last));
  }
  return position;
}

}  // namespace

std::string PostgresPositionFormat::to_json(const Position& position) const {
  const auto unpacked = PostgresPosition::unpack(position);
  OUTRIDER_ASSERT(unpacked.has_value(), "a position is stored by the source that made it");
  const PostgresPosition& from = *unpacked;
  Json json = {{"format", kFormat},         {"system_id", std::to_string(from.system_id)},
               {"timeline", from.timeline}, {"database", from.database.view()},
               {"slot", from.slot.view()},  {"end_lsn", to_string(from.end_lsn)}};
  if (!from.partial.none()) {
    json["partial"] = {{"final_lsn", to_string(from.partial.final_lsn)},
                       {"xid", from.partial.xid},
                       {"events_done", from.partial.events_done}};
  }
  if (!from.last.none()) {
    json["last"] = {{"end_lsn", to_string(from.last.end_lsn)},
                    {"xid", from.last.xid},
                    {"commit_time_us", from.last.commit_time_us}};
  }
  json["publication_digest"] = std::to_string(from.publication_digest);
  // Names in a database without an encoding may be no UTF-8; they are not worth an exception.
  constexpr bool kAscii = true;
  return json.dump(-1, ' ', kAscii, Json::error_handler_t::replace);
}

Result<Position> PostgresPositionFormat::from_json(std::string_view json) const {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return unreadable("it is not a JSON object");
  OUTRIDER_TRY(const PostgresPosition position, read_position(parsed));
  return position.pack();
}

bool PostgresPositionFormat::is_further(const Position& position, const Position& other) const {
  const Result<PostgresPosition> here = PostgresPosition::unpack(position);
  const Result<PostgresPosition> there = PostgresPosition::unpack(other);
  if (!here || !there) return false;
  return std::tie(here->end_lsn, here->partial) > std::tie(there->end_lsn, there->partial);
}

}  // namespace outrider::postgres
