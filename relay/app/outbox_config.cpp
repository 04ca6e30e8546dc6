#include "relay/app/outbox_config.h"

#include "relay/core/topic_template.h"

#include <optional>
#include <string>

namespace outrider {
namespace {

std::optional<std::string> check_not_empty(const std::string& text) {
  return text.empty() ? std::optional<std::string>("must not be empty") : std::nullopt;
}

std::optional<std::string> check_topic(const std::string& topic) {
  const Result<TopicTemplate> parsed = TopicTemplate::parse(topic);
  if (parsed) return std::nullopt;
  return parsed.error().what + "; " + parsed.error().hint;
}

}  // namespace

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
  optional("timestamp", &OutboxColumns::timestamp,
           "The record's timestamp, else the time of the commit. If there.");
}

void describe(config::Section<OutboxOptions>& section) {
  section.field("columns", &OutboxOptions::columns, "Names of the outbox table's columns.");
  section
      .field("topic", &OutboxOptions::topic,
             "Topic of a row: literal text with {aggregatetype} in it; a literal prefix is needed.")
      .check(check_topic);
  section.field("id_header", &OutboxOptions::id_header,
                "Header that carries the row's id; \"\" for none.");
  section.field("type_header", &OutboxOptions::type_header,
                "Header that carries the row's type; \"\" for none.");
  section
      .field("null_payload", &OutboxOptions::null_payload,
             "A row without payload: halt the pipeline, or send a tombstone.")
      .names({{"halt", NullPayload::Halt}, {"tombstone", NullPayload::Tombstone}});
}

}  // namespace outrider
