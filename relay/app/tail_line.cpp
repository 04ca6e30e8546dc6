#include "relay/app/tail_line.h"

#include "connectors/stdout/record_line.h"
#include "relay/app/log_line.h"
#include "relay/base/one_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

namespace outrider::app {
namespace {

using Json = nlohmann::ordered_json;

std::string json_line(const Record& record, const Sighting& sighting) {
  std::string line;
  standard_output::append_line(record, line);
  Json object = Json::parse(line, nullptr, false);
  if (sighting.lsn.empty()) {
    object["partition"] = sighting.partition;
    object["offset"] = sighting.offset;
  } else {
    object["lsn"] = sighting.lsn;
  }
  if (sighting.latency) object["latency_ms"] = sighting.latency->count();
  return object.dump() + "\n";
}

std::string text_line(const Record& record, const Sighting& sighting) {
  std::string line = to_rfc3339(record.timestamp);
  if (sighting.lsn.empty()) {
    fmt::format_to(std::back_inserter(line), " {} [{}] {}", record.topic, sighting.partition,
                   sighting.offset);
  } else {
    fmt::format_to(std::back_inserter(line), " {} {}", sighting.lsn, record.topic);
  }
  if (sighting.latency) {
    fmt::format_to(std::back_inserter(line), " {} ms", sighting.latency->count());
  }
  fmt::format_to(std::back_inserter(line), " key={}", record.key.value_or("(none)"));
  for (const Header& header : record.headers) {
    fmt::format_to(std::back_inserter(line), " {}={}", header.name, header.value.value_or(""));
  }
  fmt::format_to(std::back_inserter(line), " {}", record.value.value_or("(tombstone)"));
  return in_one_line(line) + "\n";
}

}  // namespace

std::string tail_line(const Record& record, const Sighting& sighting, OutputFormat format) {
  return format == OutputFormat::Json ? json_line(record, sighting) : text_line(record, sighting);
}

}  // namespace outrider::app
