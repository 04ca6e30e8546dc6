#include "relay/app/effective_page.h"

#include "config/section.h"
#include "connectors/kafka/properties.h"
#include "connectors/postgres/libpq_dsn.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace outrider::app {
namespace {

using config::EffectiveValue;
using config::Report;
using Json = nlohmann::ordered_json;
using Kind = EffectiveValue::Kind;

constexpr std::string_view kHidden = "***";
constexpr std::string_view kDefault = "default";
constexpr std::size_t kOriginColumn = 56;

// All others may hold a secret, or are not known to hold none.
constexpr std::array kOpenParameters = {std::string_view("application_name"),
                                        std::string_view("channel_binding"),
                                        std::string_view("connect_timeout"),
                                        std::string_view("dbname"),
                                        std::string_view("gssencmode"),
                                        std::string_view("host"),
                                        std::string_view("hostaddr"),
                                        std::string_view("keepalives"),
                                        std::string_view("keepalives_count"),
                                        std::string_view("keepalives_idle"),
                                        std::string_view("keepalives_interval"),
                                        std::string_view("passfile"),
                                        std::string_view("port"),
                                        std::string_view("sslcert"),
                                        std::string_view("sslcrl"),
                                        std::string_view("sslkey"),
                                        std::string_view("sslmode"),
                                        std::string_view("sslrootcert"),
                                        std::string_view("target_session_attrs"),
                                        std::string_view("tcp_user_timeout"),
                                        std::string_view("user")};

// As libpq reads it, see "Keyword/Value Connection Strings".
std::string dsn_value(const std::string& value) {
  if (!value.empty() && value.find_first_of(" '\\") == std::string::npos) return value;
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string open_dsn(const std::string& dsn) {
  const Result<postgres::ConnectParameters> parameters = postgres::parse_dsn(dsn);
  if (!parameters) return config::kConcealed;
  std::string shown;
  for (const auto& [keyword, value] : *parameters) {
    const bool is_open = std::ranges::find(kOpenParameters, keyword) != kOpenParameters.end();
    fmt::format_to(std::back_inserter(shown), "{}{}={}", shown.empty() ? "" : " ", keyword,
                   is_open ? dsn_value(value) : kHidden);
  }
  return shown;
}

config::Disclosures disclosures_of(const Config& config) {
  config::Disclosures disclosures;
  for (const auto& [name, pipeline] : config.pipelines) {
    const std::string path = "pipelines." + name;
    if (pipeline.source.postgres) {
      disclosures[path + ".source.postgres.dsn"] = open_dsn(pipeline.source.postgres->dsn);
    }
    if (!pipeline.sink.kafka) continue;
    for (const auto& [property, value] : pipeline.sink.kafka->librdkafka) {
      if (!kafka::is_open_property(property)) continue;
      disclosures[path + ".sink.kafka.librdkafka." + property] = value;
    }
  }
  return disclosures;
}

std::string json_text(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Text that YAML takes for nothing else, also within brackets.
bool is_plain(const std::string& text) {
  constexpr std::array kMeaning = {"null", "true", "false", "yes", "no", "on", "off"};
  const auto is_safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '/';
  };
  const bool starts = !text.empty() && text.front() != '-' && text.front() != '.';
  return starts && std::ranges::all_of(text, is_safe) &&
         std::ranges::find(kMeaning, text) == kMeaning.end();
}

std::string yaml_text(const std::string& text) {
  if (is_plain(text)) return text;
  std::string doubled;
  for (const char c : text) doubled += c == '$' ? std::string("$$") : std::string(1, c);
  return json_text(doubled);
}

// In one line, as within a list.
std::string flow(const EffectiveValue& value) {
  if (value.kind == Kind::Unset) return "~";
  if (value.kind == Kind::Scalar) return value.is_literal ? value.text : yaml_text(value.text);
  const bool is_list = value.kind == Kind::List;
  std::string inner;
  for (const EffectiveValue& child : value.children) {
    if (child.kind == Kind::Unset) continue;
    if (!inner.empty()) inner += ", ";
    inner += (is_list ? "" : yaml_text(child.name) + ": ") + flow(child);
  }
  return is_list ? "[" + inner + "]" : "{" + inner + "}";
}

std::vector<std::string> origins_of(const EffectiveValue& value, const Report& read) {
  std::vector<std::string> origins;
  if (const config::Origin* origin = read.origins().find(value.path)) {
    origins.push_back(fmt::format("{}:{}", read.file(), origin->place.line));
    origins.insert(origins.end(), origin->references.begin(), origin->references.end());
  }
  if (value.kind == Kind::List) {
    for (const EffectiveValue& item : value.children) {
      const config::Origin* origin = read.origins().find(item.path);
      if (origin == nullptr) continue;
      origins.insert(origins.end(), origin->references.begin(), origin->references.end());
    }
  }
  if (origins.empty()) origins.emplace_back(kDefault);
  return origins;
}

// An empty text that nobody wrote says that there is none.
bool is_unset(const EffectiveValue& value, const Report& read) {
  if (value.kind == Kind::Unset) return true;
  return value.kind == Kind::Scalar && value.text.empty() &&
         read.origins().find(value.path) == nullptr;
}

bool is_branch(const EffectiveValue& value) {
  return value.kind == Kind::Map && !value.children.empty();
}

void append_yaml(std::string& page, const std::vector<EffectiveValue>& values, const Report& read,
                 const std::string& indent) {
  for (const EffectiveValue& value : values) {
    const std::string key = indent + yaml_text(value.name) + ":";
    if (is_unset(value, read)) {
      page += indent + "# " + value.name + ": not set\n";
    } else if (is_branch(value)) {
      page += key + "\n";
      append_yaml(page, value.children, read, indent + "  ");
    } else {
      std::string origins;
      for (const std::string& origin : origins_of(value, read)) {
        origins += (origins.empty() ? "" : ", ") + origin;
      }
      fmt::format_to(std::back_inserter(page), "{:<{}} # {}\n", key + " " + flow(value),
                     kOriginColumn, origins);
    }
  }
}

Json json_value(const EffectiveValue& value) {
  switch (value.kind) {
    case Kind::Unset:
      return nullptr;
    case Kind::Scalar:
      return value.is_literal ? Json::parse(value.text, nullptr, false) : Json(value.text);
    case Kind::List: {
      Json list = Json::array();
      for (const EffectiveValue& item : value.children) list.push_back(json_value(item));
      return list;
    }
    case Kind::Map:
      break;
  }
  Json map = Json::object();
  for (const EffectiveValue& child : value.children) map[child.name] = json_value(child);
  return map;
}

void append_json(Json& object, const std::vector<EffectiveValue>& values, const Report& read) {
  for (const EffectiveValue& value : values) {
    if (is_branch(value)) {
      append_json(object, value.children, read);
    } else {
      const bool unset = is_unset(value, read);
      object[value.path] = {{"value", unset ? Json() : json_value(value)},
                            {"origins", origins_of(value, read)}};
    }
  }
}

}  // namespace

std::vector<EffectiveValue> effective_config(const Config& config) {
  return config::effective_values(config, disclosures_of(config));
}

std::string effective_yaml(const std::vector<EffectiveValue>& values, const Report& read) {
  std::string page;
  append_yaml(page, values, read, "");
  return page;
}

std::string effective_json(const std::vector<EffectiveValue>& values, const Report& read) {
  Json object = Json::object();
  append_json(object, values, read);
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace outrider::app
