#include "connectors/kafka/checkpoint_record.h"

#include <nlohmann/json.hpp>

namespace outrider::kafka {
namespace {

constexpr int kFormat = 1;
// Far more than is ever written. What is longer may be nested deeper than the stack is.
constexpr std::size_t kRecordBytesMax = 16 * 1024;
constexpr std::string_view kVersion = OUTRIDER_VERSION;
constexpr std::string_view kExactlyOnce = "exactly_once";
constexpr std::string_view kAtLeastOnce = "at_least_once";

std::unexpected<Error> refused(const std::string& problem) {
  return failure(ErrorKind::Refused, "the checkpoint record " + problem,
                 "another program writes to the checkpoint topic, or a newer release did: use that "
                 "release, or give the pipeline a new `identity:`");
}

}  // namespace

std::string write_checkpoint(const Checkpoint& checkpoint, const PositionFormat& format) {
  const bool exactly_once = checkpoint.written_by == Delivery::ExactlyOnce;
  std::string text = "{\"format\":" + std::to_string(kFormat) + ",\"delivery\":\"";
  text += exactly_once ? kExactlyOnce : kAtLeastOnce;
  text += checkpoint.clean ? "\",\"clean\":true" : "\",\"clean\":false";
  text += ",\"generation\":" + std::to_string(checkpoint.generation) + ",\"version\":\"";
  text += kVersion;
  return text + "\",\"position\":" + format.to_json(checkpoint.position) + "}";
}

Result<Checkpoint> read_checkpoint(std::string_view record, const PositionFormat& format) {
  if (record.size() > kRecordBytesMax) return refused("is too long to be one");
  const nlohmann::json parsed = nlohmann::json::parse(record, nullptr, false);
  if (!parsed.is_object()) return refused("is no JSON object");
  const auto number = parsed.find("format");
  if (number == parsed.end() || !number->is_number_integer()) return refused("has no format");
  if (number->get<std::int64_t>() != kFormat) {
    return refused("has format " + number->dump() + ", which this release does not know");
  }
  const auto delivery = parsed.find("delivery");
  const auto clean = parsed.find("clean");
  const auto position = parsed.find("position");
  if (delivery == parsed.end() || (*delivery != kExactlyOnce && *delivery != kAtLeastOnce)) {
    return refused("has no known delivery");
  }
  if (clean == parsed.end() || !clean->is_boolean()) return refused("does not say if it is clean");
  if (position == parsed.end() || !position->is_object()) return refused("has no position");
  const auto generation = parsed.find("generation");
  const bool has_generation = generation != parsed.end();
  if (has_generation && !generation->is_number_unsigned()) {
    return refused("has no known generation");
  }
  OUTRIDER_TRY(const Position read, format.from_json(position->dump()));
  return Checkpoint{
      .position = read,
      .written_by = *delivery == kExactlyOnce ? Delivery::ExactlyOnce : Delivery::AtLeastOnce,
      .clean = clean->get<bool>(),
      .generation = has_generation ? generation->get<std::uint64_t>() : 0};
}

}  // namespace outrider::kafka
