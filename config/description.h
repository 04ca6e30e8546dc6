// A field table as plain data, for a reference page or an annotated example; made by section.h.
#pragma once

#include "config/read_value.h"
#include "config/rules.h"
#include "config/spelling.h"

#include <string>
#include <vector>

namespace outrider::config {

struct FieldDescription {
  std::string name = {};
  std::string type = {};          ///< "duration", "list of text", "map of sections", …
  std::string default_text = {};  ///< As the file would say it; empty: none.
  std::string help = {};
  bool required = false;
  bool secret = false;
  std::vector<FieldDescription> children = {};
};

/// The table of a struct, all the way down; defined in section.h.
template <typename T>
std::vector<FieldDescription> describe_fields();

template <typename T>
std::string type_of(const Rules<LeafOf<T>>& rules) {
  if constexpr (kIsOptional<T>) {
    return type_of<typename T::value_type>(rules);
  } else if constexpr (kIsList<T>) {
    return "list of " + type_of<typename T::value_type>(rules);
  } else if constexpr (kIsMap<T>) {
    return "map of " + type_of<typename T::mapped_type>(rules);
  } else if constexpr (Described<T>) {
    return "section";
  } else if constexpr (std::is_enum_v<T>) {
    return "one of: " + list_words(names_of(rules));
  } else if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (WholeNumber<T>) {
    return rules.bytes ? "size" : "whole number";
  } else if constexpr (std::floating_point<T>) {
    return "number";
  } else if constexpr (std::same_as<T, std::chrono::milliseconds>) {
    return "duration";
  } else {
    return "text";
  }
}

template <typename T>
std::string default_of(const T& value, const Rules<LeafOf<T>>& rules) {
  if constexpr (kIsOptional<T>) {
    return value ? default_of(*value, rules) : "";
  } else if constexpr (kIsList<T>) {
    std::vector<std::string> items;
    for (const auto& item : value) items.push_back(default_of(item, rules));
    return "[" + list_words(items) + "]";
  } else if constexpr (kIsMap<T> || Described<T>) {
    return "";
  } else {
    return print_scalar(value, rules);
  }
}

template <typename T>
FieldDescription describe_value(const T& defaults, const Rules<LeafOf<T>>& rules) {
  FieldDescription described{
      .type = type_of<T>(rules), .required = rules.required, .secret = rules.secret};
  if (!rules.required && !rules.secret) described.default_text = default_of(defaults, rules);
  if constexpr (Described<LeafOf<T>>) described.children = describe_fields<LeafOf<T>>();
  return described;
}

}  // namespace outrider::config
