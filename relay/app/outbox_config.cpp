#include "relay/app/outbox_config.h"

#include "relay/app/config_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace outrider {
namespace {

std::optional<std::string> check_not_empty(const std::string& text) {
  return text.empty() ? std::optional<std::string>("must not be empty") : std::nullopt;
}

using Placement = AdditionalColumn::Placement;
constexpr std::array<std::pair<std::string_view, Placement>, 4> kPlacements = {
    {{"header", Placement::Header},
     {"partition", Placement::Partition},
     {"key", Placement::Key},
     {"topic", Placement::Topic}}};

std::string_view take_part(std::string_view& text) {
  const std::size_t end = std::min(text.find(':'), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace

std::optional<std::string> from_text(std::string_view text, AdditionalColumn& column) {
  const std::string_view name = take_part(text);
  const std::string_view placement = take_part(text);
  const auto known =
      std::ranges::find(kPlacements, placement, [](const auto& p) { return p.first; });
  if (placement == "envelope") {
    return "there is no envelope: the value is the payload alone; use header";
  }
  if (name.empty() || known == kPlacements.end() || text.find(':') != std::string_view::npos) {
    return "expected column:placement or column:placement:alias, the placement one of header, "
           "partition, key, topic";
  }
  column = {std::string(name), known->second, std::string(text.empty() ? name : text)};
  return std::nullopt;
}

std::string to_text(const AdditionalColumn& column) {
  const auto placement =
      std::ranges::find(kPlacements, column.placement, [](const auto& p) { return p.second; });
  return column.column + ":" + std::string(placement->first) +
         (column.alias == column.column ? "" : ":" + column.alias);
}

void describe(config::Section<OutboxColumns>& section) {
  const auto needed = [&](const char* name, std::string OutboxColumns::* member, const char* help) {
    section.field(name, member, help).check(check_not_empty);
  };
  needed("id", &OutboxColumns::id, "Unique per event; consumers deduplicate by it.");
  needed("aggregatetype", &OutboxColumns::aggregatetype, "Fills {aggregatetype} of the topic.");
  needed("aggregateid", &OutboxColumns::aggregateid, "The record's key.");
  needed("type", &OutboxColumns::type, "What happened.");
  needed("payload", &OutboxColumns::payload, "The record's value.");
  const auto optional = [&](const char* name, std::string OutboxColumns::* member,
                            const char* help) { section.field(name, member, help); };
  optional("headers", &OutboxColumns::headers, "JSON object: one header per key. If there.");
  optional("traceparent", &OutboxColumns::traceparent, "W3C trace header. If there.");
  optional("tracestate", &OutboxColumns::tracestate, "W3C trace header. If there.");
  optional(
      "tracingspancontext", &OutboxColumns::tracingspancontext,
      "Trace headers as the text of java.util.Properties, from Debezium's libraries. If there.");
  optional("timestamp", &OutboxColumns::timestamp,
           "The record's timestamp, else the time of the commit. If there.");
}

void describe(config::Section<OutboxOptions>& section) {
  section.field(
      "columns", &OutboxOptions::columns,
      "Names of the outbox table's columns. What says \"if there\" is used if the table has "
      "it under the default name; a name of your own must be there, \"\" stands for none.");
  section.field(
      "additional", &OutboxOptions::additional,
      "More columns as column:placement or column:placement:alias. header: a header by the "
      "alias. partition: the number of the partition. key: the key, instead of aggregateid. "
      "topic: the placeholder {alias} of the topic.");
  section.field("topic", &OutboxOptions::topic,
                "Topic of a row: literal text with {aggregatetype} in it, or an alias of an "
                "additional column; needs literal text before the first, or allow_topics.");
  section
      .field("allow_topics", &OutboxOptions::allow_topics,
             "All topics that rows may name; another one makes a bad event. Default: all that the "
             "template makes.")
      .check(app::check_topic_name);
  const std::initializer_list<std::pair<std::string, TextFormat>> formats = {
      {"string", TextFormat::Plain}, {"json", TextFormat::JsonString}};
  section
      .field("key_format", &OutboxOptions::key_format,
             "string: the column's text. json: in quotes, as Kafka Connect's JsonConverter writes "
             "strings.")
      .names(formats);
  section
      .field("payload_format", &OutboxOptions::payload_format,
             "string: the column's text, so JSON as Postgres prints it. json: this text once more "
             "in quotes and escaped, as Debezium sends it with the JsonConverter. bytea is always "
             "sent as it is.")
      .names(formats);
  section.field("id_header", &OutboxOptions::id_header,
                "Header that carries the row's id; \"\" for none.");
  section.field("type_header", &OutboxOptions::type_header,
                "Header that carries the row's type; \"\" for none.");
  section
      .field("null_payload", &OutboxOptions::null_payload,
             "A row without payload: a bad event (halt), or a tombstone; tombstone_if_blank: also "
             "for a payload of nothing but white space.")
      .names({{"halt", NullPayload::Halt},
              {"tombstone", NullPayload::Tombstone},
              {"tombstone_if_blank", NullPayload::TombstoneIfBlank}});
}

}  // namespace outrider
