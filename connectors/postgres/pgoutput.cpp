#include "connectors/postgres/pgoutput.h"

#include "connectors/postgres/byte_reader.h"
#include "connectors/postgres/postgres_time.h"

#include <fmt/format.h>

namespace outrider::postgres {
namespace {

// MaxTupleAttributeNumber of Postgres (access/htup_details.h).
constexpr std::size_t kColumnsMax = 1664;

// A reader that remembers why the message is wrong; only the first reason counts.
class MessageReader : public ByteReader {
 public:
  explicit MessageReader(std::string_view bytes) : ByteReader(bytes) {}

  bool good() const { return ok() && wrong_.empty(); }

  /// `wrong` must be a literal.
  void reject(std::string_view wrong, std::size_t at) {
    if (!good()) return;
    wrong_ = wrong;
    wrong_at_ = at;
  }

  Lsn lsn() { return Lsn{number<std::uint64_t>()}; }
  RelationId relation() { return RelationId{number<std::uint32_t>()}; }

  // Postgres has no commits at infinity; a time out of range is shown as the last one.
  WallTime time() { return wall_time(signed_number<std::int64_t>()).value_or(WallTime::max()); }

  std::string_view sized() {
    const std::size_t at = offset();
    const auto size = signed_number<std::int32_t>();
    if (size < 0) {
      reject("negative length", at);
      return {};
    }
    return take(static_cast<std::size_t>(size));
  }

  std::string_view schema() {
    const std::string_view name = terminated();
    return name.empty() && ok() ? std::string_view("pg_catalog") : name;
  }

  [[gnu::cold]] Error error(char tag) const {
    const bool printable = tag > ' ' && tag <= '~';
    const std::string name =
        printable ? fmt::format("'{}'", tag)
                  : fmt::format("0x{:02X}", static_cast<unsigned>(static_cast<unsigned char>(tag)));
    const bool rejected = !wrong_.empty();
    return Error{ErrorKind::Refused, fmt::format("pgoutput: {} at byte {} of message {}",
                                                 rejected ? wrong_ : "unexpected end",
                                                 rejected ? wrong_at_ : offset(), name)};
  }

 private:
  std::string_view wrong_;
  std::size_t wrong_at_ = 0;
};

std::size_t read_column_count(MessageReader& reader) {
  const std::size_t at = reader.offset();
  const std::size_t count = reader.number<std::uint16_t>();
  if (count > kColumnsMax) reader.reject("more columns than a row can have", at);
  return count;
}

void read_row(MessageReader& reader, std::vector<Column>& row) {
  row.clear();
  const std::size_t count = read_column_count(reader);
  for (std::size_t i = 0; i < count && reader.good(); ++i) {
    const std::size_t at = reader.offset();
    const auto format = static_cast<Column::Format>(reader.character());
    switch (format) {
      case Column::Format::Text:
      case Column::Format::Binary:
        row.push_back({format, reader.sized()});
        break;
      case Column::Format::Null:
      case Column::Format::Unchanged:
        row.push_back({format, {}});
        break;
      default:
        reader.reject("unknown column format", at);
    }
  }
}

void expect(MessageReader& reader, char tag, std::string_view wrong) {
  const std::size_t at = reader.offset();
  if (reader.character() != tag) reader.reject(wrong, at);
}

Begin read_begin(MessageReader& reader) {
  Begin begin;
  begin.final_lsn = reader.lsn();
  begin.committed_at = reader.time();
  begin.xid = reader.number<std::uint32_t>();
  return begin;
}

Commit read_commit(MessageReader& reader) {
  Commit commit;
  reader.take(1);  // Flags, of which none is defined.
  commit.commit_lsn = reader.lsn();
  commit.end_lsn = reader.lsn();
  commit.committed_at = reader.time();
  return commit;
}

Origin read_origin(MessageReader& reader) {
  Origin origin;
  origin.origin_lsn = reader.lsn();
  origin.name = reader.terminated();
  return origin;
}

Relation read_relation(MessageReader& reader, PgoutputScratch& scratch) {
  Relation relation;
  relation.id = reader.relation();
  relation.schema = reader.schema();
  relation.name = reader.terminated();
  relation.replica_identity = reader.character();
  scratch.columns.clear();
  const std::size_t count = read_column_count(reader);
  for (std::size_t i = 0; i < count && reader.good(); ++i) {
    RelationColumn column;
    column.in_key = (reader.number<std::uint8_t>() & 1U) != 0;
    column.name = reader.terminated();
    column.type_oid = reader.number<std::uint32_t>();
    column.type_modifier = reader.signed_number<std::int32_t>();
    scratch.columns.push_back(column);
  }
  relation.columns = scratch.columns;
  return relation;
}

Type read_type(MessageReader& reader) {
  Type type;
  type.oid = reader.number<std::uint32_t>();
  type.schema = reader.schema();
  type.name = reader.terminated();
  return type;
}

Insert read_insert(MessageReader& reader, PgoutputScratch& scratch) {
  const RelationId relation = reader.relation();
  expect(reader, 'N', "no new row");
  read_row(reader, scratch.row);
  return {relation, scratch.row};
}

Update read_update(MessageReader& reader, PgoutputScratch& scratch) {
  Update update;
  update.relation = reader.relation();
  scratch.old_row.clear();
  const std::size_t at = reader.offset();
  const char kind = reader.character();
  if (kind == 'K' || kind == 'O') {
    read_row(reader, scratch.old_row);
    expect(reader, 'N', "no new row");
  } else if (kind != 'N') {
    reader.reject("neither an old nor a new row", at);
  }
  read_row(reader, scratch.row);
  update.old_row = scratch.old_row;
  update.row = scratch.row;
  return update;
}

Delete read_delete(MessageReader& reader, PgoutputScratch& scratch) {
  const RelationId relation = reader.relation();
  const std::size_t at = reader.offset();
  const char kind = reader.character();
  if (kind != 'K' && kind != 'O') reader.reject("no old row", at);
  read_row(reader, scratch.old_row);
  return {relation, scratch.old_row};
}

Truncate read_truncate(MessageReader& reader, PgoutputScratch& scratch) {
  Truncate truncate;
  const std::size_t at = reader.offset();
  const auto count = reader.signed_number<std::int32_t>();
  if (count < 0) reader.reject("negative number of tables", at);
  const auto options = reader.number<std::uint8_t>();
  truncate.cascade = (options & 1U) != 0;
  truncate.restart_identity = (options & 2U) != 0;
  scratch.relations.clear();
  for (std::int32_t i = 0; i < count && reader.good(); ++i) {
    scratch.relations.push_back(reader.relation());
  }
  truncate.relations = scratch.relations;
  return truncate;
}

Message read_message(MessageReader& reader) {
  Message message;
  message.transactional = (reader.number<std::uint8_t>() & 1U) != 0;
  message.lsn = reader.lsn();
  message.prefix = reader.terminated();
  message.content = reader.sized();
  return message;
}

// Every other letter belongs to a later protocol version that was not asked for.
PgoutputMessage read_foreign(MessageReader& reader, char tag) {
  constexpr std::string_view kStreaming = "SEc";
  constexpr std::string_view kTwoPhase = "bPpKr";
  if (tag == 'A') {
    reader.rest();
  } else if (kStreaming.find(tag) != std::string_view::npos) {
    reader.reject("a streamed transaction, which was not asked for,", 0);
  } else if (kTwoPhase.find(tag) != std::string_view::npos) {
    reader.reject("a prepared transaction, which was not asked for,", 0);
  } else {
    reader.reject("unknown message", 0);
  }
  return Ignored{tag};
}

PgoutputMessage read_any(MessageReader& reader, char tag, PgoutputScratch& scratch) {
  switch (tag) {
    case 'B':
      return read_begin(reader);
    case 'C':
      return read_commit(reader);
    case 'O':
      return read_origin(reader);
    case 'R':
      return read_relation(reader, scratch);
    case 'Y':
      return read_type(reader);
    case 'I':
      return read_insert(reader, scratch);
    case 'U':
      return read_update(reader, scratch);
    case 'D':
      return read_delete(reader, scratch);
    case 'T':
      return read_truncate(reader, scratch);
    case 'M':
      return read_message(reader);
    default:
      return read_foreign(reader, tag);
  }
}

}  // namespace

Result<PgoutputMessage> decode_pgoutput(std::string_view bytes, PgoutputScratch& scratch) {
  if (bytes.empty()) return failure(ErrorKind::Refused, "pgoutput: the message is empty");
  MessageReader reader(bytes);
  const char tag = reader.character();
  Result<PgoutputMessage> message = read_any(reader, tag, scratch);
  if (reader.good() && reader.remaining() > 0) reader.reject("bytes too many", reader.offset());
  if (!reader.good()) return std::unexpected(reader.error(tag));
  return message;
}

}  // namespace outrider::postgres
