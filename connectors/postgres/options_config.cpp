#include "connectors/postgres/options_config.h"

#include <algorithm>

namespace outrider::postgres {
namespace {

// See Postgres, "Identifiers and Key Words": NAMEDATALEN - 1.
constexpr std::size_t kNameBytesMax = 63;

// Takes one part of a qualified name off the front of the text; none if it is malformed.
std::optional<std::string> take_part(std::string_view& text) {
  std::string part;
  if (!text.starts_with('"')) {
    part = text.substr(0, text.find('.'));
    text.remove_prefix(part.size());
    if (part.find('"') != std::string::npos) return std::nullopt;
  } else {
    text.remove_prefix(1);
    while (!text.starts_with('"') || text.starts_with("\"\"")) {
      if (text.empty()) return std::nullopt;
      part += text.front();
      text.remove_prefix(text.starts_with('"') ? 2 : 1);
    }
    text.remove_prefix(1);
  }
  if (part.empty() || part.size() > kNameBytesMax) return std::nullopt;
  return part;
}

std::string quoted_if_needed(const std::string& part) {
  if (part.find_first_of(".\"") == std::string::npos) return part;
  std::string quoted = "\"";
  for (const char c : part) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::optional<std::string> check_slot(const std::string& name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, legal)) {
    return std::nullopt;
  }
  return "a slot's name is 1 to 63 of the characters a-z, 0-9 and _";
}

std::optional<std::string> check_publication(const std::string& name) {
  if (!name.empty() && name.size() <= kNameBytesMax) return std::nullopt;
  return "a publication's name has 1 to 63 bytes";
}

std::optional<std::string> check_not_empty(const std::string& text) {
  return text.empty() ? std::optional<std::string>("must not be empty") : std::nullopt;
}

}  // namespace

std::optional<std::string> from_text(std::string_view text, TableName& table) {
  constexpr auto kExpected = "expected schema.table, such as public.outbox";
  const std::optional<std::string> schema = take_part(text);
  if (!schema || !text.starts_with('.')) return kExpected;
  text.remove_prefix(1);
  const std::optional<std::string> name = take_part(text);
  if (!name || !text.empty()) return kExpected;
  table = {*schema, *name};
  return std::nullopt;
}

std::string to_text(const TableName& table) {
  return quoted_if_needed(table.schema) + "." + quoted_if_needed(table.name);
}

void describe(config::Section<Options>& section) {
  section
      .field("dsn", &Options::dsn,
             "libpq connection string or URI of the relay's own role (LOGIN, REPLICATION); must "
             "name dbname.")
      .required()
      .secret()
      .check(check_not_empty);
  section.field("password", &Options::password, "Password, if the dsn holds none.").secret();
  section
      .field("password_file", &Options::password_file,
             "File with the password in its first line; read again at each connect.")
      .check(check_not_empty);
  section.at_most_one({"password", "password_file"});
  section
      .field("slot", &Options::slot,
             "Replication slot. Default: outrider_<pipeline>, other characters as _.")
      .check(check_slot);
  section
      .field("publication", &Options::publication,
             "Publication that covers the tables. Default: outrider_<pipeline>.")
      .check(check_publication);
  section.field(
      "tables", &Options::tables,
      "Outbox tables as schema.table, each part exactly as Postgres stores it; parts with "
      "dots in double quotes. May be [] if there is a message_prefix.");
  section.field(
      "message_prefix", &Options::message_prefix,
      "Transactional messages with this prefix, written by pg_logical_emit_message(), are "
      "events too: JSON objects with the columns of a row. \"\" for none.");
}

}  // namespace outrider::postgres
