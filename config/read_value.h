// From a node to a value of a field's type, under the field's rules; used by section.h.
#pragma once

#include "config/reader.h"
#include "config/rules.h"
#include "config/scalars.h"
#include "config/spelling.h"

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrider::config {

template <typename T>
inline constexpr bool kUnsupported = false;

template <typename T>
concept WholeNumber = std::integral<T> && !std::same_as<T, bool>;

template <typename T>
concept Ordered =
    WholeNumber<T> || std::floating_point<T> || std::same_as<T, std::chrono::milliseconds>;

template <typename T>
std::vector<std::string> names_of(const Rules<T>& rules) {
  std::vector<std::string> names;
  for (const auto& [name, value] : rules.names) names.push_back(name);
  return names;
}

template <typename T>
Scalar<T> parse_name(const std::string& text, const Rules<T>& rules) {
  for (const auto& [name, value] : rules.names) {
    if (name == text) return value;
  }
  return std::unexpected("expected one of: " + list_words(names_of(rules)));
}

template <WholeNumber T>
Scalar<T> parse_whole(const std::string& text, const Rules<T>& rules) {
  const Scalar<std::int64_t> parsed = rules.bytes ? parse_size(text) : parse_integer(text);
  if (!parsed) return std::unexpected(parsed.error());
  if (!std::in_range<T>(*parsed)) {
    return std::unexpected(fmt::format("expected a whole number from {} to {}",
                                       std::numeric_limits<T>::min(),
                                       std::numeric_limits<T>::max()));
  }
  return static_cast<T>(*parsed);
}

/// The value of a text; the error begins with "expected".
template <typename T>
Scalar<T> parse_scalar(const std::string& text, const Rules<T>& rules) {
  if constexpr (std::is_enum_v<T>) {
    return parse_name(text, rules);
  } else if constexpr (std::same_as<T, std::string>) {
    return text;
  } else if constexpr (std::same_as<T, bool>) {
    return parse_bool(text);
  } else if constexpr (WholeNumber<T>) {
    return parse_whole(text, rules);
  } else if constexpr (std::same_as<T, double>) {
    return parse_number(text);
  } else if constexpr (std::same_as<T, std::chrono::milliseconds>) {
    return parse_duration(text);
  } else if constexpr (TextReadable<T>) {
    T value;
    if (std::optional<std::string> wrong = from_text(text, value)) {
      return std::unexpected(std::move(*wrong));
    }
    return value;
  } else {
    static_assert(kUnsupported<T>, "a field of this type needs a describe() or a from_text()");
  }
}

/// The value as the file would say it.
template <typename T>
std::string print_scalar(const T& value, const Rules<T>& rules) {
  if constexpr (std::is_enum_v<T>) {
    for (const auto& [name, named] : rules.names) {
      if (named == value) return name;
    }
    return "";
  } else if constexpr (std::same_as<T, std::string>) {
    return value;
  } else if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (WholeNumber<T>) {
    return rules.bytes ? print_size(static_cast<std::int64_t>(value)) : fmt::format("{}", value);
  } else if constexpr (std::same_as<T, std::chrono::milliseconds>) {
    return print_duration(value);
  } else if constexpr (TextReadable<T>) {
    return to_text(value);
  } else {
    return fmt::format("{}", value);
  }
}

template <typename T>
std::optional<std::string> broken_rule(const T& value, const Rules<T>& rules) {
  if constexpr (Ordered<T>) {
    const bool below = rules.least && value < *rules.least;
    const bool above = rules.most && value > *rules.most;
    if ((below || above) && rules.least && rules.most) {
      return fmt::format("must be between {} and {}", print_scalar(*rules.least, rules),
                         print_scalar(*rules.most, rules));
    }
    if (below) return "must be at least " + print_scalar(*rules.least, rules);
    if (above) return "must be at most " + print_scalar(*rules.most, rules);
  }
  return rules.check ? rules.check(value) : std::nullopt;
}

template <typename T>
void read_scalar(Reader& reader, const Spot& spot, const Rules<T>& rules, T& value) {
  const std::optional<std::string> text = reader.text(spot);
  if (!text) return;
  Scalar<T> parsed = parse_scalar(*text, rules);
  if (!parsed) {
    reader.mismatch(spot, parsed.error(), names_of(rules));
    return;
  }
  if (std::optional<std::string> wrong = broken_rule(*parsed, rules)) {
    reader.problem(spot, std::move(*wrong));
    return;
  }
  value = std::move(*parsed);
}

/// Reads a struct with a field table; defined in section.h.
template <typename T>
void read_described(Reader& reader, const Spot& spot, T& value);

template <typename T>
void read_value(Reader& reader, const Spot& spot, const Rules<LeafOf<T>>& rules, T& value);

template <typename T>
void read_list(Reader& reader, const Spot& spot, const Rules<LeafOf<T>>& rules,
               std::vector<T>& values) {
  const Node* const list = reader.list(spot);
  if (list == nullptr) return;
  if (rules.not_empty && list->items.empty()) reader.problem(spot, "must not be empty");
  values.clear();
  for (const Node& item : list->items) {
    const std::string path = fmt::format("{}[{}]", spot.path, values.size());
    reader.report().remember(path, item.place);
    T value{};
    read_value(reader, Spot{item, path, spot.secret}, rules, value);
    values.push_back(std::move(value));
  }
}

template <typename T>
void read_map(Reader& reader, const Spot& spot, const Rules<LeafOf<T>>& rules,
              std::map<std::string, T>& values) {
  const Node* const map = reader.map(spot);
  if (map == nullptr) return;
  if (rules.not_empty && map->entries.empty()) reader.problem(spot, "must not be empty");
  values.clear();
  for (const Entry& entry : map->entries) {
    const std::string path = join_path(spot.path, entry.key);
    reader.report().remember(path, entry.place);
    if (rules.check_key) {
      if (std::optional<std::string> wrong = rules.check_key(entry.key)) {
        reader.report().add(entry.place, path, std::move(*wrong));
      }
    }
    read_value(reader, Spot{entry.value, path, spot.secret}, rules, values[entry.key]);
  }
}

/// Leaves `value` as it was where the node does not fit, which is reported.
template <typename T>
void read_value(Reader& reader, const Spot& spot, const Rules<LeafOf<T>>& rules, T& value) {
  if constexpr (kIsOptional<T>) {
    typename T::value_type inner{};
    read_value(reader, spot, rules, inner);
    value = std::move(inner);
  } else if constexpr (kIsList<T>) {
    read_list(reader, spot, rules, value);
  } else if constexpr (kIsMap<T>) {
    read_map(reader, spot, rules, value);
  } else if constexpr (Described<T>) {
    read_described(reader, spot, value);
  } else {
    read_scalar(reader, spot, rules, value);
  }
}

}  // namespace outrider::config
