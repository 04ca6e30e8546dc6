// The values of a struct with a field table, defaults and all, as plain data without secrets; made
// by section.h, printed by `outrider config print`.
#pragma once

#include "config/read_value.h"
#include "config/report.h"
#include "config/rules.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace outrider::config {

struct EffectiveValue {
  enum class Kind { Unset, Scalar, List, Map };

  std::string name = {};
  std::string path = {};  ///< From the root, as in problems.
  Kind kind = Kind::Unset;
  std::string text = {};    ///< Of a scalar, as the file would say it.
  bool is_literal = false;  ///< The text is a number or a truth value.
  std::vector<EffectiveValue> children = {};
};

/// What may be shown of secret values, by path; nothing of a secret that is not here.
using Disclosures = std::map<std::string, std::string>;

inline constexpr auto kConcealed = "(secret)";

/// Which value is being described.
struct EffectiveSpot {
  std::string name = {};
  std::string path = {};
  bool secret = false;
  const Disclosures& disclosures;

  EffectiveSpot below(const std::string& key) const {
    return {
        .name = key, .path = join_path(path, key), .secret = secret, .disclosures = disclosures};
  }
};

/// The values of a struct, all the way down; defined in section.h.
template <typename T>
std::vector<EffectiveValue> effective_fields(const T& value, const EffectiveSpot& spot);

template <typename T>
EffectiveValue effective_scalar(const T& value, const Rules<T>& rules, const EffectiveSpot& spot) {
  EffectiveValue effective{.name = spot.name, .path = spot.path};
  effective.kind = EffectiveValue::Kind::Scalar;
  effective.text = print_scalar(value, rules);
  effective.is_literal =
      std::same_as<T, bool> || std::floating_point<T> || (WholeNumber<T> && !rules.bytes);
  if (!spot.secret || effective.text.empty()) return effective;
  const auto disclosed = spot.disclosures.find(spot.path);
  effective.text = disclosed == spot.disclosures.end() ? kConcealed : disclosed->second;
  effective.is_literal = false;
  return effective;
}

template <typename T>
EffectiveValue effective_value(const T& value, const Rules<LeafOf<T>>& rules,
                               const EffectiveSpot& spot) {
  EffectiveValue effective{.name = spot.name, .path = spot.path};
  if constexpr (kIsOptional<T>) {
    if (value) return effective_value(*value, rules, spot);
  } else if constexpr (kIsList<T>) {
    effective.kind = EffectiveValue::Kind::List;
    for (std::size_t i = 0; i < value.size(); ++i) {
      EffectiveSpot item = spot;
      item.path += "[" + std::to_string(i) + "]";
      effective.children.push_back(effective_value(value[i], rules, item));
    }
  } else if constexpr (kIsMap<T>) {
    effective.kind = EffectiveValue::Kind::Map;
    for (const auto& [key, each] : value) {
      effective.children.push_back(effective_value(each, rules, spot.below(key)));
    }
  } else if constexpr (Described<T>) {
    effective.kind = EffectiveValue::Kind::Map;
    effective.children = effective_fields(value, spot);
  } else {
    return effective_scalar(value, rules, spot);
  }
  return effective;
}

}  // namespace outrider::config
