// Fields of the JSON objects in which catalog queries answer; what is not of the asked-for type is
// as if it were not there. Used by catalog.cpp and surroundings.cpp.
#pragma once

#include "relay/base/error.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace outrider::postgres {

using Json = nlohmann::json;

inline std::string text_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

inline std::int64_t number_of(const Json& object, const char* key, std::int64_t otherwise = 0) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : otherwise;
}

inline bool truth_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

inline Json list_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_array() ? *at : Json::array();
}

/// Interrupted if the text is no object.
inline Result<Json> parse_object(std::string_view json) {
  Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) {
    return failure(ErrorKind::Interrupted, "the server answered a catalog query with no object");
  }
  return parsed;
}

}  // namespace outrider::postgres
