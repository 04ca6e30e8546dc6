#include "connectors/stdout/record_line.h"

#include "relay/base/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outrider::standard_output {
namespace {

using Json = nlohmann::ordered_json;

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t taken = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (k < taken ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= taken ? kAlphabet[(group >> (18 - 6 * k)) & 0x3f] : '=';
    }
  }
  return text;
}

void put(Json& object, const std::string& name, std::optional<std::string_view> bytes) {
  if (!bytes) {
    object[name] = nullptr;
  } else if (is_utf8(*bytes)) {
    object[name] = std::string(*bytes);
  } else {
    object[name + "_base64"] = base64(*bytes);
  }
}

}  // namespace

void append_line(const Record& record, std::string& out) {
  Json line = Json::object();
  put(line, "topic", record.topic);
  put(line, "key", record.key);
  put(line, "value", record.value);
  Json& headers = line["headers"] = Json::array();
  for (const Header& header : record.headers) {
    Json entry = Json::object();
    put(entry, "name", header.name);
    put(entry, "value", header.value);
    headers.push_back(std::move(entry));
  }
  line["timestamp_us"] = record.timestamp.time_since_epoch().count();
  out += line.dump();
  out += '\n';
}

}  // namespace outrider::standard_output
