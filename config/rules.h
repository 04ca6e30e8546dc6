// What a field of a section may hold, and which types fields may have; used by section.h and
// read_value.h.
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace outrider::config {

template <typename T>
class Section;

/// A struct with a field table: `void describe(config::Section<T>&)` stands in its namespace.
template <typename T>
concept Described = std::is_class_v<T> && requires(Section<T>& section) { describe(section); };

/// A value with a text form of its own. In its namespace stand `from_text`, which returns what is
/// wrong, if anything, and `to_text`.
template <typename T>
concept TextReadable = requires(std::string_view text, T& value) {
  { from_text(text, value) } -> std::same_as<std::optional<std::string>>;
  { to_text(value) } -> std::same_as<std::string>;
};

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <typename T>
inline constexpr bool kIsList = false;
template <typename T>
inline constexpr bool kIsList<std::vector<T>> = true;

template <typename T>
inline constexpr bool kIsMap = false;
template <typename T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;

template <typename T>
struct LeafOfType {
  using Type = T;
};
template <typename T>
struct LeafOfType<std::optional<T>> : LeafOfType<T> {};
template <typename T>
struct LeafOfType<std::vector<T>> : LeafOfType<T> {};
template <typename T>
struct LeafOfType<std::map<std::string, T>> : LeafOfType<T> {};

/// The type without optional, list and map around it.
template <typename T>
using LeafOf = typename LeafOfType<T>::Type;

/// Says what is wrong with a value, if anything.
template <typename T>
using Check = std::function<std::optional<std::string>(const T&)>;

/// The rules of a field whose single values have the type `Leaf`.
template <typename Leaf>
struct Rules {
  bool required = false;
  bool secret = false;     ///< Never printed.
  bool bytes = false;      ///< A whole number written as a size.
  bool not_empty = false;  ///< For lists and maps.
  std::optional<Leaf> least = {};
  std::optional<Leaf> most = {};
  std::vector<std::pair<std::string, Leaf>> names = {};  ///< The only values, by name.
  Check<Leaf> check = {};
  Check<std::string> check_key = {};  ///< For maps.
};

}  // namespace outrider::config
